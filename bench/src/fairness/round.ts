import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Stack, StackAccount } from '@slipway/local';
import type { PostRequest } from '@slipway/pipeline/core';
import { connectRedis, createStore, layOut, newPostId } from '@slipway/store';

/** Requests to Redis that are under way while posts are put there. */
const SIDE_BY_SIDE = 100;
const PATIENCE_MS = 300_000;
const LOOK_EVERY_MS = 250;

export interface RoundOptions {
  /** Of the account that has its posts in the backlog before all others; 0: there is none. */
  largePosts: number;
  large: StackAccount;
  small: readonly StackAccount[];
  postsEach: number;
  /** Looks of workers at posts so far. */
  activations: () => number;
}

export interface Round {
  /** From the first creation at X in this round to that of each post of a small account, ms. */
  waitsMs: number[];
  activationsPerPost: number;
  /** What came to X in the time. */
  perSecond: number;
}

/** Everything is due and in Redis before the worker starts; it ends when the small accounts have all of theirs on X. */
export async function runRound(stack: Stack, name: string, options: RoundOptions): Promise<Round> {
  const redis = connectRedis(stack.redisUrl, { role: 'caller', name: 'bench' });
  await once(redis, 'ready');
  await redis.flushall();
  const store = createStore({ redis, partitions: 1, connectBlocking: () => redis });
  const now = Date.now();
  const requestOf = (accountId: string, text: string): PostRequest => ({
    id: newPostId(accountId, now),
    accountId,
    text,
    media: [],
    options: {},
    publishAt: now,
    createdAt: now,
  });
  const small = `${name} small `;
  const requests = [
    ...Array.from({ length: options.largePosts }, (_, index) =>
      requestOf(options.large.id, `${name} large ${index}`),
    ),
    ...Array.from({ length: options.postsEach }, (_, turn) =>
      options.small.map(({ id }) => requestOf(id, `${small}${id} ${turn}`)),
    ).flat(),
  ];
  const queue = requests.entries();
  const put = async (): Promise<void> => {
    for (const [index, request] of queue)
      await store.posts.create(request, { startAt: now - requests.length + index });
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, put));

  const before = options.activations();
  const worker = await stack.startWorker();
  const [keys] = layOut(1).partitions;
  const expected = options.small.length * options.postsEach;
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (let left = expected; left > 0; left = await countUnfinished()) {
    if (Date.now() > giveUpAt) throw new Error(`${left} posts of small accounts did not come to X in time`);
    await pause(LOOK_EVERY_MS);
  }
  const activations = options.activations() - before;
  const published = await redis.zcard(keys?.ofStatus('published') ?? '');
  await worker.stop(10_000);
  redis.disconnect();

  const { posts } = await stack.sim.ledger();
  const ours = posts.filter(({ text }) => text.startsWith(`${name} `));
  const first = Math.min(...ours.map(({ receivedAt }) => receivedAt));
  const waitsMs = ours
    .filter(({ text }) => text.startsWith(small))
    .map(({ receivedAt }) => receivedAt - first);
  if (waitsMs.length !== expected) throw new Error(`${waitsMs.length} of ${expected} posts are on X`);
  const lastMs = Math.max(...waitsMs);
  const meanwhile = ours.filter(({ receivedAt }) => receivedAt <= first + lastMs).length;
  return { waitsMs, activationsPerPost: activations / published, perSecond: (1_000 * meanwhile) / lastMs };

  /** Posts of small accounts that are in a backlog, handed over or in hand. */
  async function countUnfinished(): Promise<number> {
    const pipeline = redis.pipeline();
    for (const { id } of options.small) pipeline.zcard(`${keys?.backlog}${id}`).scard(`${keys?.busy}${id}`);
    const replies = (await pipeline.exec()) ?? [];
    return replies.reduce((sum, [, count]) => sum + Number(count), 0);
  }
}
