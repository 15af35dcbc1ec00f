import { setTimeout as pause } from 'node:timers/promises';
import type { Stack } from '@slipway/local';
import { type SeededRandom, makeImage, makeVideo } from '@slipway/testkit';
import { type Percentiles, arrivals, percentiles } from './arrivals.ts';
import { type NewPost, sendAll } from './call-api.ts';

const MIB = 1024 * 1024;
/** From the last post that is sent to the first that is due: time to stage them, processing included. */
const AHEAD_MS = 75_000;

/** Posts due at random instants of one minute, a fifth of them videos, a fifth images; how late each create came to X. */
export async function runMinute(
  stack: Stack,
  { posts, random }: { posts: number; random: SeededRandom },
): Promise<{ late: Percentiles; videos: number }> {
  const media = {
    'minute.mp4': makeVideo({ bytes: 2 * MIB, seed: 1 }),
    'minute.png': makeImage({ type: 'png', seed: 2 }),
  };
  for (const [key, made] of Object.entries(media)) {
    await stack.s3.putObject({ bucket: 'media', key, body: made.stream(), contentType: made.contentType });
  }
  const firstAt = Date.now() + AHEAD_MS;
  const plan = Array.from({ length: posts }, (_, index): NewPost => ({
    account: index,
    text: `minute ${index}`,
    publishAt: firstAt + random.integer(0, 59_999),
    media: index % 5 === 0 ? 'minute.mp4' : index % 5 === 1 ? 'minute.png' : null,
  }));
  await sendAll(stack, plan);
  const dueAt = new Map(plan.map(({ text, publishAt }) => [text, publishAt]));
  await pause(Math.max(0, firstAt + 60_000 - Date.now()));
  const arrived = await arrivals(stack, 'minute ', posts);
  return {
    late: percentiles(arrived.map(({ text, receivedAt }) => receivedAt - (dueAt.get(text) ?? 0))),
    videos: plan.filter((post) => post.media === 'minute.mp4').length,
  };
}
