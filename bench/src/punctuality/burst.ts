import { setTimeout as pause } from 'node:timers/promises';
import type { Stack } from '@slipway/local';
import { arrivals } from './arrivals.ts';
import { type NewPost, sendAll } from './call-api.ts';

/** Posts without media are handed over 10 s before their time. */
const AHEAD_MS = 20_000;

let bursts = 0;

export interface Burst {
  perSecond: number;
  firstMs: number;
  lastMs: number;
  /** When the last post of the large account came, and the last one of all others. */
  largeMs: number;
  othersMs: number;
}

/**
 * Posts that are due at one instant, how fast X gets them, and whether accounts wait for one another: a fifth of them are of one
 * account, and were sent first.
 */
export async function runBurst(stack: Stack, { posts }: { posts: number }): Promise<Burst> {
  const prefix = `burst ${(bursts += 1)} `;
  const dueAt = Date.now() + AHEAD_MS;
  const plan = Array.from({ length: posts }, (_, index): NewPost => ({
    account: index < posts / 5 ? 0 : 1 + (index % (stack.accounts.length - 1)),
    text: prefix + String(index),
    publishAt: dueAt,
    media: null,
  }));
  await sendAll(stack, plan);
  if (Date.now() > dueAt - 5_000) throw new Error('the API took too long to take the posts of a burst');
  await pause(dueAt - Date.now());
  const arrived = await arrivals(stack, prefix, posts);
  const at = arrived.map(({ receivedAt }) => receivedAt - dueAt);
  const large = stack.accounts[0]?.xUserId;
  const lastOf = (isLarge: boolean): number =>
    Math.max(
      ...arrived.flatMap(({ userId, receivedAt }) =>
        (userId === large) === isLarge ? [receivedAt - dueAt] : [],
      ),
    );
  const lastMs = Math.max(...at);
  return {
    perSecond: (1_000 * posts) / lastMs,
    firstMs: Math.min(...at),
    lastMs,
    largeMs: lastOf(true),
    othersMs: lastOf(false),
  };
}
