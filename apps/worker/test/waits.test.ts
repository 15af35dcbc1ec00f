import { eventually, makeImage, makeVideo, movableClock } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  type TestWorker,
  type WorkerRig,
  createsOnX,
  passPark,
  passWait,
  postsOnX,
  startRig,
} from './worker-rig.ts';

// X and the pipeline run on one clock that moves only when told to. It is a day ahead of Redis, whose own clock therefore
// never ends a wait: promoting the job stands for that.

const PARK_MS = 900_000;
const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';
const PROCESSING_MS = 600_000;
const CHECK_AFTER_SECS = 45;

const clock = movableClock(Date.now() + 24 * 3_600_000);
let rig: WorkerRig;
let worker: TestWorker;
beforeAll(async () => {
  rig = await startRig({
    clock,
    sim: {
      now: () => clock.now(),
      config: { processingMs: { tweet_video: PROCESSING_MS }, checkAfterSecs: CHECK_AFTER_SECS },
    },
    policy: { parkMs: PARK_MS, retryLimit: 2 },
  });
  // One slot: whatever waits must not be in it.
  worker = await rig.startWorker({ concurrency: 1 });
});
afterAll(() => rig.stop());

async function expectIdle(): Promise<void> {
  await eventually(async () => (await rig.queue.getActiveCount()) === 0 && worker.inHand === 0);
  await eventually(() => rig.sim.openRequests() === 0);
}

describe('a post that X processes for ten minutes', () => {
  test('holds no slot of the worker and no connection, is asked for when X says, and is posted once', async ({
    expect,
  }) => {
    await rig.put('video', makeVideo({ bytes: 200_000, seed: 1 }));
    await rig.put('image', makeImage({ type: 'png', seed: 2 }));
    const slow = await rig.accept('slow', ['video']);
    const { job } = await rig.delayed(slow);
    expect(await rig.stateOf(slow)).toMatchObject({ status: 'staging', waiting: { reason: 'processing' } });
    await expectIdle();
    expect(await rig.store.posts.get(slow)).toMatchObject({ heldBy: null });

    // The only slot is free for another one meanwhile.
    const quick = await rig.accept('quick', ['image']);
    expect(await rig.ended(quick)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, 'slow')).toEqual([]);

    const waits: number[] = [];
    while ((await rig.stateOf(slow)).status === 'staging') {
      await expectIdle();
      waits.push(await passWait(rig, clock, slow));
      await eventually(async () => (await rig.stateOf(slow)).status !== 'staging' || (await job.isDelayed()));
    }
    expect(await rig.ended(slow)).toMatchObject({ status: 'published' });
    const polls = Math.ceil(PROCESSING_MS / 1000 / CHECK_AFTER_SECS);
    expect(waits).toEqual(Array.from({ length: polls }, () => CHECK_AFTER_SECS * 1000));
    expect(rig.sim.ledger().requests['media.status']).toEqual({ 200: polls });
    expect(postsOnX(rig, 'slow')).toHaveLength(1);
    const upload = rig.sim.ledger().uploads.find(({ category }) => category === 'tweet_video');
    expect(upload).toMatchObject({ bytesRepeated: 0, state: 'succeeded' });
  });
});

describe('what X refuses for a while', () => {
  test('429: the post waits for the window to reset, and no attempt is used', async ({ expect }) => {
    const before = createsOnX(rig);
    rig.sim.faults.script({
      on: { operation: 'posts.create', textIncludes: 'limited' },
      do: { answer: 'rate_limited' },
    });
    const id = await rig.accept('limited');
    const { job, until } = await rig.delayed(id);
    expect(await rig.stateOf(id)).toMatchObject({ status: 'scheduled', waiting: { reason: 'rate_limit' } });
    expect(until).toBeGreaterThan(clock.now());
    expect(until).toBeLessThanOrEqual(clock.now() + 15 * 60_000 + 5_000);
    expect(job.attemptsMade).toBe(0);
    await expectIdle();
    expect(createsOnX(rig)).toBe(before + 1);

    await passWait(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, 'limited')).toHaveLength(1);
  });

  test('429 during an upload: the same upload goes on afterwards', async ({ expect }) => {
    rig.sim.faults.script({ on: { operation: 'media.append' }, skip: 1, do: { answer: 'rate_limited' } });
    rig.sim.configure({ processingMs: { tweet_video: 0 } });
    const video = makeVideo({ bytes: 300_000, seed: 3 });
    await rig.put('limited-video', video);
    const id = await rig.accept('limited video', ['limited-video']);
    await rig.delayed(id);
    expect(await rig.stateOf(id)).toMatchObject({ status: 'staging', waiting: { reason: 'rate_limit' } });
    await expectIdle();
    await passWait(rig, clock, id);
    while ((await rig.stateOf(id)).waiting?.reason === 'processing') await passWait(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    const [post] = postsOnX(rig, 'limited video');
    const upload = rig.sim.ledger().uploads.find(({ mediaId }) => mediaId === post?.mediaIds[0]);
    expect(upload).toMatchObject({ sha256: await video.sha256(), bytesRepeated: 0 });
    rig.sim.configure({ processingMs: { tweet_video: PROCESSING_MS } });
  });

  test('402: the post is parked until there are credits', async ({ expect }) => {
    rig.sim.faults.script({
      on: { operation: 'posts.create', textIncludes: 'broke' },
      do: { answer: 'credits_depleted' },
    });
    const id = await rig.accept('broke');
    const { waiting } = await rig.parked(id);
    expect(await rig.stateOf(id)).toMatchObject({ status: 'scheduled', publish: { attempts: 0 } });
    expect(waiting).toMatchObject({
      reason: 'credits',
      cause: 'credits',
      until: clock.now() + PARK_MS,
      detail: expect.stringContaining('credits'),
    });
    // It is not left in BullMQ, and no worker has it.
    await expectIdle();
    await eventually(async () => (await rig.jobOf(id)) === undefined);
    expect(await rig.store.posts.get(id)).toMatchObject({ heldBy: null });
    expect(await rig.blocks.get(ACCOUNT)).toMatchObject({ block: { cause: 'credits', app: 'default' } });
    // Another one of its account does not even reach X.
    const before = createsOnX(rig);
    const other = await rig.accept('beside the broke one');
    await eventually(
      async () => Number(await rig.redis.zscore('{slipway:0}:ring', ACCOUNT)) === waiting.until,
    );
    expect(await rig.stateOf(other)).toMatchObject({ status: 'scheduled', waiting: null });
    expect(createsOnX(rig)).toBe(before);
    await passPark(rig, clock, id);
    expect(await rig.ended(other)).toMatchObject({ status: 'published' });
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, 'broke')).toHaveLength(1);
  });

  test('401: it is tried again, then the post is parked until its account is back', async ({ expect }) => {
    const before = createsOnX(rig);
    rig.sim.faults.script({
      on: { operation: 'posts.create', textIncludes: 'stranger' },
      times: 3,
      do: { answer: 'unauthorized' },
    });
    const id = await rig.accept('stranger');
    for (const _ of [1, 2]) {
      await rig.delayed(id);
      expect(await rig.stateOf(id)).toMatchObject({ waiting: { reason: 'backoff' } });
      await passWait(rig, clock, id);
    }
    expect(await passPark(rig, clock, id)).toMatchObject({
      reason: 'account',
      cause: 'unauthorized',
      until: expect.any(Number),
    });
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, 'stranger')).toHaveLength(1);
    expect(createsOnX(rig)).toBe(before + 4);
  });

  test('403 for duplicate content: the post fails in the words of X', async ({ expect }) => {
    const before = createsOnX(rig);
    rig.sim.faults.script({
      on: { operation: 'posts.create', textIncludes: 'twice' },
      do: { answer: 'duplicate' },
    });
    const id = await rig.accept('twice');
    expect(await rig.ended(id)).toMatchObject({
      status: 'failed',
      failure: {
        code: 'duplicate_content',
        message: 'You are not allowed to create a Tweet with duplicate content.',
        step: 'publish',
      },
    });
    expect(createsOnX(rig)).toBe(before + 1);
    expect(postsOnX(rig, 'twice')).toEqual([]);
  });
});
