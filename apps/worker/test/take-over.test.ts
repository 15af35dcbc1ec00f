import { type World } from '@slipway/pipeline';
import { cancelPost } from '@slipway/pipeline/core';
import { type HeldPosts, createHeldPosts, layOut } from '@slipway/store';
import { eventually, makeVideo } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type TestWorker, type WorkerRig, createsOnX, postsOnX, startRig } from './worker-rig.ts';

const CHUNK_BYTES = 64 * 1024;
const SEGMENTS = 40;
const IN_FLIGHT = 2;

let rig: WorkerRig;
const workers: TestWorker[] = [];
beforeAll(async () => {
  rig = await startRig({
    sim: { config: { processingMs: { tweet_video: 0 } } },
    policy: { chunkBytes: CHUNK_BYTES, segmentsInFlight: IN_FLIGHT, abandonLimit: 1 },
  });
});
afterEach(async () => {
  rig.sim.faults.clear();
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(() => rig.stop());

async function startWorker(options?: Parameters<WorkerRig['startWorker']>[0]): Promise<TestWorker> {
  const worker = await rig.startWorker(options);
  workers.push(worker);
  return worker;
}

const lastUpload = () => rig.sim.ledger().uploads.at(-1);
const appends = () =>
  Object.values(rig.sim.ledger().requests['media.append'] ?? {}).reduce((sum, n) => sum + n, 0);
const said = (worker: TestWorker, msg: string) => worker.log.some((line) => line.msg === msg);

let seed = 0;

/** A post in the middle of a slow upload. */
async function uploading(text: string): Promise<string> {
  await rig.put(text, makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: ++seed }));
  const uploads = rig.sim.ledger().uploads.length;
  rig.sim.faults.script({
    on: { operation: 'media.append' },
    skip: 3,
    times: 'always',
    do: { delayMs: 100 },
  });
  const id = await rig.accept(text, [text]);
  await rig.sim.waitFor(({ uploads: all }) => (all[uploads]?.segments.length ?? 0) >= 5);
  return id;
}

/** Waits until the worker has let go and nothing it sent is under way; says how many segments X has got by then. */
async function letGo(worker: TestWorker): Promise<number> {
  await eventually(() => worker.inHand === 0);
  await eventually(() => rig.sim.openRequests() === 0);
  return lastUpload()?.segments.length ?? 0;
}

function anotherWorker(leaseMs: number): HeldPosts {
  return createHeldPosts(rig.redis, layOut(1), Date.now, { holder: 'another', leaseMs, graceMs: 30_000 });
}

describe('a post that is canceled during its upload', () => {
  test('is let go before the next effect, and is not made', async ({ expect }) => {
    const creates = createsOnX(rig);
    const worker = await startWorker();
    const id = await uploading('canceled');
    const canceled = await rig.store.posts.change(id, (record) => cancelPost(record, Date.now()));
    expect(canceled).toMatchObject({ changed: true, record: { state: { status: 'canceled' } } });
    const segments = lastUpload()?.segments.length ?? 0;
    expect(segments).toBeLessThan(SEGMENTS / 2);

    // The save after the next segment is refused; until then as many are under way as ever.
    expect(await letGo(worker)).toBeLessThanOrEqual(segments + 2 * IN_FLIGHT);
    const sent = appends();
    await eventually(async () => (await rig.jobOf(id)) === undefined);
    expect(said(worker, 'post lost to another worker')).toBe(true);
    expect(appends()).toBe(sent);
    expect(createsOnX(rig)).toBe(creates);
    expect(await rig.stateOf(id)).toMatchObject({ status: 'canceled' });
    expect(lastUpload()).toMatchObject({ state: 'uploading' });
    expect(await rig.queue.getFailedCount()).toBe(0);
  });

  test('that hangs is let go by the heartbeat', async ({ expect }) => {
    const worker = await startWorker({ leaseMs: 600 });
    rig.sim.faults.script({
      on: { operation: 'media.append' },
      skip: 2,
      times: 'always',
      do: { hang: true },
    });
    await rig.put('hangs', makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: ++seed }));
    const id = await rig.accept('hangs', ['hangs']);
    await eventually(() => rig.sim.openRequests() === IN_FLIGHT);
    await rig.store.posts.change(id, (record) => cancelPost(record, Date.now()));
    expect(await letGo(worker)).toBe(2);
    expect(await rig.stateOf(id)).toMatchObject({ status: 'canceled' });
  });
});

describe('a post that another worker has claimed', () => {
  test('is let go by the first one, which sends nothing more to X and writes nothing more', async ({
    expect,
  }) => {
    const creates = createsOnX(rig);
    const worker = await startWorker();
    const id = await uploading('taken');
    const segments = lastUpload()?.segments.length ?? 0;
    const second = await anotherWorker(60_000).claim(id, 1);
    if ('refused' in second) throw new Error(second.refused);
    expect(second).toMatchObject({ abandoned: true, state: { status: 'staging' } });

    expect(await letGo(worker)).toBeLessThanOrEqual(segments + 2 * IN_FLIGHT);
    const sent = appends();
    expect(said(worker, 'post lost to another worker')).toBe(true);
    expect(await rig.store.posts.get(id)).toMatchObject({
      heldBy: 'another',
      fence: second.fence,
      state: second.state,
    });
    expect(await second.save(second.state, [])).toBe('saved');
    expect(appends()).toBe(sent);
    expect(createsOnX(rig)).toBe(creates);
    await second.save({ ...second.state, status: 'canceled' }, []);
  });

  test('and whose lease ends is put back, and goes on where it was', async ({ expect }) => {
    await startWorker();
    const id = await uploading('died');
    const second = await anotherWorker(60_000).claim(id, 1);
    if ('refused' in second) throw new Error(second.refused);
    rig.sim.faults.clear();
    await eventually(() => rig.sim.openRequests() === 0);
    await rig.endLease(id); // the second one has died
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, 'died')).toHaveLength(1);
    const upload = lastUpload();
    expect(upload?.segments).toHaveLength(SEGMENTS);
    // At most what was under way when the first one lost it.
    expect(upload?.bytesRepeated).toBeLessThanOrEqual(2 * IN_FLIGHT * CHUNK_BYTES);
  });
});

describe('a job that is lost from Redis', () => {
  test('while its post waits is put back when it is missed', async ({ expect }) => {
    const worker = await startWorker();
    const publishAt = Date.now() + 3_600_000;
    const id = await rig.accept('lost job', [], { publishAt });
    const { job } = await rig.delayed(id);
    await job.remove();
    await rig.endLease(id);
    const { job: next, until } = await rig.delayed(id);
    expect(next.data.wake).toBe(2);
    expect(until).toBe(publishAt);
    expect(said(worker, 'post put back: its job or its worker was gone')).toBe(true);
    await rig.store.posts.change(id, (record) => cancelPost(record, Date.now()));
  });
});

describe('a defect in an effect', () => {
  const broken = (times: number): World['accounts'] => {
    let left = times;
    return {
      ...rig.world.accounts,
      async credentialsOf(id) {
        if (left-- > 0) throw new TypeError('cannot read properties of undefined');
        return rig.world.accounts.credentialsOf(id);
      },
    };
  };

  test('fails the job, and the post is looked at again when its lease ends', async ({ expect }) => {
    const failed = await rig.queue.getFailedCount();
    const worker = await startWorker({ leaseMs: 500, world: { ...rig.world, accounts: broken(1) } });
    await rig.put('defect', makeVideo({ bytes: 4 * CHUNK_BYTES, seed: ++seed }));
    const id = await rig.accept('defect', ['defect']);
    expect(await rig.ended(id)).toMatchObject({ status: 'published', abandoned: 0 });
    expect(postsOnX(rig, 'defect')).toHaveLength(1);
    expect(await rig.queue.getFailedCount()).toBe(failed + 1);
    expect(worker.log.find(({ msg }) => msg === 'looking at a post failed')).toMatchObject({
      postId: id,
      err: { type: 'TypeError', message: 'cannot read properties of undefined' },
    });
  });

  test('that does not go away ends the post as poison', async ({ expect }) => {
    const failed = await rig.queue.getFailedCount();
    const worker = await startWorker({ leaseMs: 500, world: { ...rig.world, accounts: broken(Infinity) } });
    await rig.put('poison', makeVideo({ bytes: 4 * CHUNK_BYTES, seed: ++seed }));
    const id = await rig.accept('poison', ['poison']);
    const state = await rig.ended(id);
    expect(state).toMatchObject({ status: 'failed', failure: { code: 'poison' } });
    expect(await rig.queue.getFailedCount()).toBe(failed + 2);
    expect(worker.inHand).toBe(0);
    expect(postsOnX(rig, 'poison')).toEqual([]);
  });
});
