import { startRedis, type LocalRedis } from '@slipway/local';
import { cancelPost, type PostRequest } from '@slipway/pipeline/core';
import {
  POST_QUEUE,
  type Admissions,
  type HeldPosts,
  type Store,
  type Wake,
  connectRedis,
  createAdmissions,
  createHeldPosts,
  createStore,
  jobIdOf,
  layOut,
  newPostId,
} from '@slipway/store';
import { eventually } from '@slipway/testkit';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest';
import { type HandOff, startHandOff } from '../src/hand-off.ts';
import { PRIORITY } from '../src/settle.ts';

const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';
const TAG = '{slipway:0}';
const logger = pino({ level: 'silent' });

let server: LocalRedis;
let redis: Redis;
let queue: Queue<Wake>;
/** Takes jobs and dies with them. */
let deadWorker: Worker<Wake>;
let store: Store;
let heldPosts: HeldPosts;
let admissions: Admissions;
const running: HandOff[] = [];

beforeAll(async () => {
  server = await startRedis({ appendfsync: 'no' });
  redis = connectRedis(server.url, { role: 'worker', name: 'hand-off' });
  queue = new Queue(POST_QUEUE, { connection: redis, prefix: TAG });
  deadWorker = new Worker(POST_QUEUE, null, { connection: redis, prefix: TAG, autorun: false });
  const layout = layOut(1);
  const [keys] = layout.partitions;
  if (!keys) throw new Error('a layout has a partition');
  store = createStore({ redis, partitions: 1, connectBlocking: () => redis });
  heldPosts = createHeldPosts(redis, layout, Date.now, { holder: 'w', leaseMs: 60_000, graceMs: 60_000 });
  admissions = createAdmissions(redis, keys, { leaseMs: 60_000, graceMs: 60_000, share: 100 });
});
beforeEach(() => redis.flushall());
afterEach(async () => {
  await Promise.all(running.splice(0).map((handOff) => handOff.stop()));
});
afterAll(async () => {
  await deadWorker.close();
  await queue.close();
  redis.disconnect();
  await server.stop();
});

function start(): HandOff {
  const handOff = startHandOff({ queue, admissions, gate: { isOpen: true, heed: () => false }, logger });
  running.push(handOff);
  return handOff;
}

async function accept(startAt = 0): Promise<string> {
  const now = Date.now();
  const id = newPostId(ACCOUNT, now);
  const rest = { accountId: ACCOUNT, text: 'x', media: [], options: {}, publishAt: now, createdAt: now };
  const request: PostRequest = { id, ...rest };
  await store.posts.create(request, { startAt });
  return id;
}

const jobOf = (postId: string, wake: number) => queue.getJob(jobIdOf({ postId, wake }));
const endLease = (id: string) => redis.zadd(`${TAG}:admitted`, 'XX', 1, id);
const leaseOf = async (id: string) => Number(await redis.zscore(`${TAG}:admitted`, id));

/** An admitted post and its job. */
async function admitted(): Promise<string> {
  const id = await accept();
  const handOff = start();
  await eventually(() => jobOf(id, 1));
  await handOff.stop();
  return id;
}

describe('handing over', () => {
  test('gives each due post a job that says which post and which wake, behind all continuations', async ({
    expect,
  }) => {
    const ids = [await accept(), await accept(), await accept()];
    const later = await accept(Date.now() + 3_600_000);
    start();
    for (const postId of ids) {
      const job = await eventually(() => jobOf(postId, 1));
      expect(job).toMatchObject({ data: { postId, wake: 1 }, priority: PRIORITY.newWork, id: `${postId}-1` });
    }
    expect(await jobOf(later, 1)).toBeUndefined();
    expect(await redis.zrange(`${TAG}:backlog:${ACCOUNT}`, '0', '-1')).toEqual([later]);
  });

  test('looks again when it is hurried', async ({ expect }) => {
    const handOff = start();
    for (let round = 0; round < 3; round += 1) {
      const id = await accept();
      handOff.hurry();
      expect(await eventually(() => jobOf(id, 1))).toMatchObject({ data: { postId: id } });
    }
  });

  test('keeps BullMQ at minutes of work: above its limit of waiting jobs posts stay in the backlog', async ({
    expect,
  }) => {
    const dummies = Array.from({ length: 1_004 }, (_, wake) => ({
      name: 'look',
      data: { postId: 'post_x', wake },
      opts: { priority: PRIORITY.newWork, jobId: `post_x-${wake}` },
    }));
    await queue.addBulk(dummies);
    for (let count = 0; count < 5; count += 1) await accept();
    const handOff = start();
    // Rounds, each of which would admit something if it could.
    for (let round = 0; round < 3; round += 1) {
      const commands = await evaluations();
      handOff.hurry();
      await eventually(async () => (await evaluations()) > commands);
    }
    expect(await queue.getPrioritizedCount()).toBe(1_004);
    expect(await redis.zcard(`${TAG}:backlog:${ACCOUNT}`)).toBe(5);

    const finish = (...wakes: number[]) => Promise.all(wakes.map((wake) => queue.remove(`post_x-${wake}`)));
    await finish(0, 1, 2, 3, 4, 5);
    await eventually(async () => (await redis.zcard(`${TAG}:backlog:${ACCOUNT}`)) === 3);
    expect(await queue.getPrioritizedCount()).toBe(1_000);
    await finish(6, 7, 8, 9);
    await eventually(async () => (await redis.zcard(`${TAG}:backlog:${ACCOUNT}`)) === 0);
    expect(await queue.getPrioritizedCount()).toBe(999);
  });

  test('goes on when Redis refused for a while', async ({ expect }) => {
    await redis.acl('SETUSER', 'default', '-scard');
    const id = await accept();
    const handOff = start();
    handOff.hurry();
    await eventually(async () => String(await redis.acl('LOG')).includes('scard'));
    await redis.acl('SETUSER', 'default', '+scard');
    expect(await eventually(() => jobOf(id, 1))).toMatchObject({ data: { postId: id } });
  });
});

describe('putting back', () => {
  test('a job that is gone from Redis gets a successor, which goes before new work', async ({ expect }) => {
    const id = await admitted();
    await queue.remove(`${id}-1`);
    await endLease(id);
    start();
    const job = await eventually(() => jobOf(id, 2));
    expect(job).toMatchObject({ data: { postId: id, wake: 2 }, priority: PRIORITY.continuation });
    expect(await leaseOf(id)).toBeGreaterThan(Date.now());
  });

  test('a job of which only the hash is gone gets a successor once a worker has come upon it', async ({
    expect,
  }) => {
    const id = await admitted();
    await redis.del(`${TAG}:${POST_QUEUE}:${id}-1`);
    await deadWorker.getNextJob('token'); // comes with nothing in it
    await endLease(id);
    start();
    expect(await eventually(() => jobOf(id, 2))).toMatchObject({ data: { wake: 2 } });
  });

  test('a job that is active with a dead worker gets a successor', async ({ expect }) => {
    const id = await admitted();
    const dead = await deadWorker.getNextJob('dead');
    expect(dead?.data).toEqual({ postId: id, wake: 1 });
    expect(await heldPosts.claim(id, 1)).toMatchObject({ id });
    await endLease(id);
    start();
    expect(await eventually(() => jobOf(id, 2))).toMatchObject({ priority: PRIORITY.continuation });
    // The dead one's job is void when BullMQ finds it again.
    expect(await heldPosts.claim(id, 1)).toEqual({ refused: 'superseded' });
    expect(await heldPosts.claim(id, 2)).toMatchObject({ id, abandoned: true });
  });

  test('a job that failed gets a successor', async ({ expect }) => {
    const id = await admitted();
    const job = await deadWorker.getNextJob('token');
    await job?.moveToFailed(new Error('a defect'), 'token', false);
    expect(await job?.getState()).toBe('failed');
    await endLease(id);
    start();
    expect(await eventually(() => jobOf(id, 2))).toMatchObject({ data: { wake: 2 } });
  });

  test.for(['prioritized', 'delayed'])('a job that is %s is left alone', async (state, { expect }) => {
    const id = await admitted();
    if (state === 'delayed') {
      const job = await deadWorker.getNextJob('token');
      await job?.moveToDelayed(Date.now() + 3_600_000, 'token');
    }
    await endLease(id);
    start();
    await eventually(async () => (await leaseOf(id)) > Date.now());
    expect(await redis.hget(`${TAG}:post:${id}`, 'wake')).toBe('1');
    expect(await jobOf(id, 2)).toBeUndefined();
    expect(await (await jobOf(id, 1))?.getState()).toBe(state);
  });

  test('is done by one of several workers', async ({ expect }) => {
    const id = await admitted();
    await queue.remove(`${id}-1`);
    await endLease(id);
    for (let count = 0; count < 4; count += 1) start();
    await eventually(() => jobOf(id, 2));
    await Promise.all(running.splice(0).map((handOff) => handOff.stop()));
    expect(await redis.hget(`${TAG}:post:${id}`, 'wake')).toBe('2');
    expect(await queue.getPrioritizedCount()).toBe(1);
  });

  test('a job that is gone is replaced before its time, where the wait of its post ends soon', async ({
    expect,
  }) => {
    const [soon, later, well] = [await admitted(), await admitted(), await admitted()];
    for (const id of [soon, later, well]) {
      const post = await heldPosts.claim(id, 1);
      if ('refused' in post) throw new Error(post.refused);
      const until = Date.now() + (id === later ? 3_600_000 : 45_000);
      await post.save(post.state, [], { release: { until } });
    }
    await queue.remove(`${soon}-1`);
    await queue.remove(`${later}-1`);
    start();
    expect(await eventually(() => jobOf(soon, 2))).toMatchObject({ data: { wake: 2 } });
    expect(await redis.hget(`${TAG}:post:${later}`, 'wake')).toBe('1');
    expect(await redis.hget(`${TAG}:post:${well}`, 'wake')).toBe('1');
  });

  test('everything that BullMQ keeps may be gone', async ({ expect }) => {
    const ids = [await admitted(), await admitted()];
    const [first = ''] = ids;
    const post = await heldPosts.claim(first, 1);
    if ('refused' in post) throw new Error(post.refused);
    await post.save(post.state, [], { release: { until: Date.now() + 30_000 } });
    const gone = await redis.keys(`${TAG}:${POST_QUEUE}:[^a]*`);
    expect(gone.length).toBeGreaterThan(2);
    await redis.del(gone.filter((key) => !/:posts:(account|status):/.test(key)));
    await endLease(ids[1] ?? '');
    start();
    for (const id of ids) expect(await eventually(() => jobOf(id, 2))).toMatchObject({ data: { wake: 2 } });
  });

  test('a post that has fallen out of the hand-off gets a job', async ({ expect }) => {
    const [stray, waiting] = [await admitted(), await admitted()];
    await redis.zrem(`${TAG}:admitted`, stray);
    await queue.remove(`${stray}-1`);
    start();
    expect(await eventually(() => jobOf(stray, 2))).toMatchObject({ data: { wake: 2 } });
    expect(await redis.hget(`${TAG}:post:${waiting}`, 'wake')).toBe('1');
  });

  test('is not done for a post that is over', async ({ expect }) => {
    const id = await admitted();
    await queue.remove(`${id}-1`);
    await store.posts.change(id, (record) => cancelPost(record, 1));
    await redis.zadd(`${TAG}:admitted`, 1, id);
    start();
    await eventually(async () => (await redis.zcard(`${TAG}:admitted`)) === 0);
    expect(await queue.getPrioritizedCount()).toBe(0);
  });
});

/** How many rounds of any kind were made: each begins with a script of BullMQ's or ours. */
async function evaluations(): Promise<number> {
  const stats = await redis.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].map(([, count]) => Number(count));
  return calls.reduce((sum, count) => sum + count, 0);
}
