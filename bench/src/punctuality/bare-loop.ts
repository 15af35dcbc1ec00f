import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Stack, spawnProcess } from '@slipway/local';
import type { PostRequest } from '@slipway/pipeline/core';
import { connectRedis, createStore, newPostId } from '@slipway/store';
import { ulid } from 'ulid';
import { arrivals } from './arrivals.ts';

const FAR_MS = 365 * 24 * 3_600_000;

let loops = 0;

/** What the process of the loop is told. */
export interface BareLoopJob {
  redisUrl: string;
  xUrl: string;
  concurrency: number;
  posts: { id: string; accessToken: string }[];
}

/**
 * The same number of posts as in a burst, in the same Redis, taken, saved and created by a loop in one process that has nothing
 * else to do: no queue, no fairness, no limits, no leases, no log.
 */
export async function runBareLoop(
  stack: Stack,
  { posts, accounts }: { posts: number; accounts: number },
): Promise<{ perSecond: number }> {
  const prefix = `bare ${(loops += 1)} `;
  const users = await Promise.all(
    Array.from({ length: accounts }, (_, index) => stack.sim.addUser({ username: `bare-${loops}-${index}` })),
  );
  const redis = connectRedis(stack.redisUrl, { role: 'caller', name: 'bench' });
  await once(redis, 'ready');
  const store = createStore({ redis, partitions: 1, connectBlocking: () => redis });
  const job: BareLoopJob = { redisUrl: stack.redisUrl, xUrl: stack.sim.url, concurrency: 16, posts: [] };
  for (let index = 0; index < posts; index++) {
    const accountId = `acct_${ulid().toLowerCase()}`;
    const now = Date.now();
    const request: PostRequest = {
      id: newPostId(accountId, now),
      accountId,
      text: prefix + String(index),
      media: [],
      options: {},
      publishAt: now,
      createdAt: now,
    };
    // Never handed over: the loop takes it by itself.
    await store.posts.create(request, { startAt: now + FAR_MS });
    job.posts.push({ id: request.id, accessToken: users[index % users.length]?.accessToken ?? '' });
  }
  redis.disconnect();
  const loop = await spawnProcess({
    name: 'bare-loop',
    command: process.execPath,
    args: [fileURLToPath(new URL('bare-loop-process.ts', import.meta.url)), JSON.stringify(job)],
    readyWhen: /^started at /m,
  });
  const startedAt = Number(/\d+/.exec(loop.readyLine)?.[0]);
  const arrived = await arrivals(stack, prefix, posts);
  await loop.stop();
  const lastMs = Math.max(...arrived.map(({ receivedAt }) => receivedAt)) - startedAt;
  return { perSecond: (1_000 * posts) / lastMs };
}
