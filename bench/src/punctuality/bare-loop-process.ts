/** One process of a bare loop: each post is taken, its intent saved and made durable, created on X, and saved as published. */
import { once } from 'node:events';
import { type StepEvent, announce, deadlineOf, evolve, policySchema } from '@slipway/pipeline/core';
import { connectRedis, createBarrier, createHeldPosts, layOut } from '@slipway/store';
import { createXClient } from '@slipway/x-media';
import type { BareLoopJob } from './bare-loop.ts';

const job: BareLoopJob = JSON.parse(process.argv[2] ?? '');
const policy = policySchema.parse({});
const layout = layOut(1);
const redis = connectRedis(job.redisUrl, { role: 'worker', name: 'bare-loop' });
const forBarrier = connectRedis(job.redisUrl, { role: 'worker', name: 'bare-loop-barrier' });
await Promise.all([once(redis, 'ready'), once(forBarrier, 'ready')]);
const held = createHeldPosts(redis, layout, Date.now, { holder: 'bare', leaseMs: 10_000, graceMs: 30_000 });
const barrier = createBarrier({
  redis: forBarrier,
  key: layout.partitions[0]?.barrier ?? '',
  replicas: 0,
});
const x = createXClient({ baseUrl: job.xUrl });

console.log(`started at ${Date.now()}`);
const queue = job.posts.values();
const work = async (): Promise<void> => {
  for (const { id, accessToken } of queue) await publish(id, accessToken);
};
await Promise.all(Array.from({ length: job.concurrency }, work));
// The one who has started it ends it.
await once(process, 'SIGTERM');

async function publish(id: string, accessToken: string): Promise<void> {
  const post = await held.claim(id, 0);
  if ('refused' in post) throw new Error(`${id} was refused: ${post.refused}`);
  let { state } = post;
  const fold = async (event: StepEvent, guard: { ifHistory?: string | null }): Promise<void> => {
    const next = evolve(post.request, state, event, policy);
    const saved = await post.save(next, announce(state, next, event.at), guard);
    if (saved !== 'saved') throw new Error(`${id} could not be saved`);
    state = next;
  };
  const now = Date.now();
  await fold({ type: 'intended', at: now, deadline: deadlineOf(now, policy) }, { ifHistory: null });
  if (!(await barrier.durable())) throw new Error('the barrier was not acknowledged');
  const { data } = await x.as({ type: 'oauth2', accessToken }).posts.create({ text: post.request.text });
  await fold({ type: 'created', at: Date.now(), xPostId: data.id }, {});
}
