import { eventually, makeVideo } from '@slipway/testkit';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { type TestWorker, type WorkerRig, createsOnX, postsOnX, startRig } from './worker-rig.ts';

const BACKLOG = '{slipway:0}:backlog:acct_01hzzzzzzzzzzzzzzzzzzzzzzz';
const CHUNK_BYTES = 64 * 1024;
const SEGMENTS = 8;
const WAITING = 40;
/** Redis stays full until the worker has asked so often whether it takes writes: every half second. */
const PROBES = 6;

let rig: WorkerRig;
let worker: TestWorker;
beforeEach(async () => {
  rig = await startRig({
    sim: { config: { processingMs: { tweet_video: 0 } } },
    policy: { chunkBytes: CHUNK_BYTES, segmentsInFlight: 2 },
  });
  worker = await rig.startWorker({ concurrency: 4, accountShare: 100 });
});
afterEach(() => rig.stop());

const fill = () => rig.redis.config('SET', 'maxmemory', 1);
const makeRoom = () => rig.redis.config('SET', 'maxmemory', 0);
const readNumber = async (section: string, pattern: RegExp): Promise<number> =>
  Number(pattern.exec(await rig.redis.info(section))?.[1] ?? 0);
const commandsSoFar = () => readNumber('stats', /total_commands_processed:(\d+)/);
const probesSoFar = () => readNumber('commandstats', /cmdstat_set:.*rejected_calls=(\d+)/);
/** What is sent to Redis while it stays full. */
async function commandsPerSecond(): Promise<number> {
  const [commands, probes] = [await commandsSoFar(), await probesSoFar()];
  let looks = 0;
  await eventually(async () => {
    looks += 1;
    return (await probesSoFar()) >= probes + PROBES;
  });
  return ((await commandsSoFar()) - commands - looks) / (PROBES / 2);
}
const said = (msg: string) => worker.log.filter((line) => line.msg === msg);
const loud = () => worker.log.filter(({ level }) => level >= 40);

/** More posts than the worker takes in hand: their creates take long enough for the memory to fill up meanwhile. */
async function acceptMany(): Promise<string[]> {
  rig.sim.faults.script({ on: { operation: 'posts.create' }, times: 4, do: { delayMs: 500 } });
  const ids = await Promise.all(Array.from({ length: WAITING }, (_, index) => rig.accept(`text ${index}`)));
  await eventually(() => rig.sim.openRequests() === 4);
  await eventually(async () => (await rig.queue.getPrioritizedCount()) === WAITING - 4);
  return ids;
}

describe('while the memory of Redis is full', () => {
  test('a worker says so once and waits, and when there is room all goes on by itself, each post once', async ({
    expect,
  }) => {
    const ids = await acceptMany();
    await fill();
    await eventually(() => said('redis takes no writes; work waits until it does').length === 1);
    expect(await commandsPerSecond()).toBeLessThan(50);
    expect(loud()).toEqual([
      expect.objectContaining({ level: 40, reason: 'The memory of Redis is full.', worker: 'worker-1' }),
    ]);
    // Nearly all jobs still wait where they were.
    expect(await rig.queue.getFailedCount()).toBeLessThanOrEqual(4);
    const createdBefore = createsOnX(rig);

    await makeRoom();
    await eventually(() => said('redis takes writes again').length === 1);
    for (const id of ids) expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(createdBefore).toBe(4);
    expect(createsOnX(rig)).toBe(WAITING);
    for (let index = 0; index < WAITING; index += 1) expect(postsOnX(rig, `text ${index}`)).toHaveLength(1);
  });

  test('a worker takes nothing new: BullMQ does not spin, jobs and backlog stay as they are', async ({
    expect,
  }) => {
    const ids = await acceptMany();
    await worker.stop();
    const later = await rig.accept('later');
    await rig.redis.zadd(BACKLOG, 'XX', Date.now() + 1_000, later);
    // Such as BullMQ makes of a job whose worker has died. Taking it is a write from the start, which Redis refuses.
    await rig.queue.add('look', { postId: 'post_x', wake: 1 });
    await fill();
    worker = await rig.startWorker({ concurrency: 4, accountShare: 100 });
    await eventually(() => said('redis takes no writes; work waits until it does').length === 1);
    expect(await commandsPerSecond()).toBeLessThan(50);
    expect(loud()).toHaveLength(1);
    expect(await rig.queue.getJobCounts('prioritized', 'failed', 'waiting')).toEqual({
      prioritized: WAITING - 4,
      failed: 0,
      waiting: 1,
    });
    expect(await rig.redis.zrange(BACKLOG, '0', '-1')).toEqual([later]);

    await makeRoom();
    for (const id of [...ids, later]) expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(createsOnX(rig)).toBe(WAITING + 1);
  });

  test('what was done is kept until it can be saved: no segment is sent again, no create is in doubt', async ({
    expect,
  }) => {
    const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: 1 });
    await rig.put('video', video);
    rig.sim.faults.script({
      on: { operation: 'media.append' },
      skip: 3,
      times: 'always',
      do: { delayMs: 300 },
    });
    rig.sim.faults.script({ on: { operation: 'posts.create' }, do: { delayMs: 2_000 } });
    const text = await rig.accept('text');
    const upload = await rig.accept('video', ['video']);
    await rig.sim.waitFor(({ uploads }) => (uploads[0]?.segments.length ?? 0) >= 4);
    await rig.event(text, ({ type }) => type === 'post.publishing');
    await fill();
    await rig.sim.waitFor(({ posts }) => posts.length === 1);
    await eventually(() => rig.sim.openRequests() === 0);
    expect((await rig.stateOf(text)).status).toBe('publishing');
    await makeRoom();
    expect(await rig.ended(text)).toMatchObject({ status: 'published' });
    expect(await rig.ended(upload)).toMatchObject({ status: 'published' });
    expect(createsOnX(rig)).toBe(2);
    expect(rig.sim.ledger().uploads).toEqual([
      expect.objectContaining({ bytesRepeated: 0, sha256: await video.sha256() }),
    ]);
  });

  test('a worker can be stopped', async ({ expect }) => {
    await worker.stop();
    worker = await rig.startWorker({ concurrency: 4, accountShare: 100, graceMs: 500 });
    const ids = await acceptMany();
    await fill();
    await eventually(() => said('redis takes no writes; work waits until it does').length === 1);
    await worker.stop();
    expect(worker.inHand).toBe(0);
    const statuses = await Promise.all(ids.map(async (id) => (await rig.stateOf(id)).status));
    // What X has said of four of them could not be saved: they will be looked for.
    expect(statuses.filter((status) => status === 'publishing')).toHaveLength(4);
    expect(statuses.filter((status) => status === 'scheduled')).toHaveLength(WAITING - 4);
    await makeRoom();
  });
});
