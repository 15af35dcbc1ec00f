import { eventually, makeVideo } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type WorkerRig, createsOnX, postsOnX, startRig } from './worker-rig.ts';

const CHUNK_BYTES = 64 * 1024;
const SEGMENTS = 12;
const IN_FLIGHT = 2;

let rig: WorkerRig;
beforeAll(async () => {
  rig = await startRig({
    sim: { config: { processingMs: { tweet_video: 0 } } },
    policy: {
      chunkBytes: CHUNK_BYTES,
      segmentsInFlight: IN_FLIGHT,
      createTimeoutMs: 3_000,
      confirmWindowMs: 600,
    },
  });
});
afterEach(() => rig.sim.faults.clear());
afterAll(() => rig.stop());

const lastUpload = () => rig.sim.ledger().uploads.at(-1);

/** A post whose upload has come as far as `segments`, and goes on slowly. */
async function uploading(
  seed: number,
  segments: number,
): Promise<{ id: string; text: string; sha256: string }> {
  const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed });
  const text = `video ${seed}`;
  await rig.put(text, video);
  const uploads = rig.sim.ledger().uploads.length;
  rig.sim.faults.script({
    on: { operation: 'media.append' },
    skip: segments,
    times: 'always',
    do: { delayMs: 200 },
  });
  const id = await rig.accept(text, [text]);
  await rig.sim.waitFor(({ uploads: all }) => (all[uploads]?.segments.length ?? 0) >= segments);
  return { id, text, sha256: await video.sha256() };
}

describe('a worker that is stopped', () => {
  test('in the middle of an upload gives the post back at its checkpoint, and another one goes on with what is missing', async ({
    expect,
  }) => {
    const first = await rig.startWorker();
    const { id, text, sha256 } = await uploading(1, 4);
    await first.stop();
    expect(first.inHand).toBe(0);
    const sent = lastUpload()?.segments.length ?? 0;
    expect(sent).toBeGreaterThanOrEqual(4);
    expect(sent).toBeLessThan(SEGMENTS);
    // What X has is what the record says that it has.
    const { media } = await rig.stateOf(id);
    const acknowledged = (media[0]?.upload?.acknowledged ?? []).flatMap(([from, to]) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    );
    expect(acknowledged).toEqual(
      lastUpload()
        ?.segments.map(({ index }) => index)
        .toSorted((a, b) => a - b),
    );
    expect(await rig.store.posts.get(id)).toMatchObject({
      heldBy: null,
      state: { abandoned: 0, waiting: null },
    });
    const job = await rig.jobOf(id);
    expect(job).toMatchObject({ attemptsMade: 0, stalledCounter: 0, priority: 1, data: { wake: 1 } });
    expect(await job?.getState()).toBe('delayed');
    expect(await rig.queue.getActiveCount()).toBe(0);

    rig.sim.faults.clear();
    const second = await rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: 'published', abandoned: 0 });
    // The same job and wake: nobody had to find out first that the post was without a worker.
    expect(await rig.redis.hget(`{slipway:0}:post:${id}`, 'wake')).toBe('1');
    expect(lastUpload()).toMatchObject({
      sha256,
      bytesRepeated: 0,
      bytesReceived: SEGMENTS * CHUNK_BYTES,
      initializedAt: expect.any(Number),
    });
    expect(postsOnX(rig, text)).toHaveLength(1);
    await second.stop();
    expect(second.inHand).toBe(0);
    expect(await rig.queue.getFailedCount()).toBe(0);
  });

  test('during a create waits for the answer of X and records it', async ({ expect }) => {
    const before = createsOnX(rig);
    rig.sim.faults.script({ on: { operation: 'posts.create' }, do: { delayMs: 300 } });
    const worker = await rig.startWorker();
    const id = await rig.accept('asked');
    await eventually(
      async () => rig.sim.openRequests() > 0 && (await rig.stateOf(id)).status === 'publishing',
    );
    await worker.stop();
    expect(await rig.stateOf(id)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, 'asked')).toHaveLength(1);
    expect(createsOnX(rig)).toBe(before + 1);
    expect(await rig.jobOf(id)).toBeUndefined();
  });

  test('takes nothing new', async ({ expect }) => {
    rig.sim.faults.script({ on: { operation: 'posts.create' }, do: { delayMs: 300 } });
    const worker = await rig.startWorker({ concurrency: 1 });
    const under = await rig.accept('under way');
    await eventually(async () => (await rig.stateOf(under)).status === 'publishing');
    const next = await rig.accept('next');
    await worker.stop();
    expect(await rig.stateOf(under)).toMatchObject({ status: 'published' });
    expect(await rig.stateOf(next)).toMatchObject({ status: 'scheduled' });
    expect(postsOnX(rig, 'next')).toEqual([]);
    const another = await rig.startWorker();
    expect(await rig.ended(next)).toMatchObject({ status: 'published' });
    await another.stop();
  });

  test('and is out of patience cuts an upload off, and another one goes on with it', async ({ expect }) => {
    const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: 2 });
    await rig.put('hung', video);
    rig.sim.faults.script({
      on: { operation: 'media.append' },
      skip: 3,
      times: IN_FLIGHT,
      do: { hang: true },
    });
    const first = await rig.startWorker({ graceMs: 100 });
    const id = await rig.accept('hung', ['hung']);
    await rig.sim.waitFor(({ uploads }) => uploads.at(-1)?.segments.length === 3);
    await eventually(() => rig.sim.openRequests() === IN_FLIGHT);
    await first.stop();
    expect(first.inHand).toBe(0);
    expect(await rig.store.posts.get(id)).toMatchObject({
      heldBy: null,
      state: { status: 'staging', abandoned: 0 },
    });
    expect(await rig.jobOf(id)).toMatchObject({ attemptsMade: 0, stalledCounter: 0 });

    const second = await rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(lastUpload()).toMatchObject({ sha256: await video.sha256(), bytesRepeated: 0 });
    await second.stop();
  });

  test('and is out of patience cuts a create off; the next worker finds on X what became of it', async ({
    expect,
  }) => {
    const before = createsOnX(rig);
    rig.sim.faults.script({ on: { operation: 'posts.create' }, do: { acceptThenHang: true } });
    const first = await rig.startWorker({ graceMs: 100 });
    const id = await rig.accept('cut off');
    await rig.sim.waitFor(({ posts }) => posts.some(({ text }) => text === 'cut off'));
    await first.stop();
    expect(first.inHand).toBe(0);

    const second = await rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    expect(createsOnX(rig)).toBe(before + 1);
    expect(postsOnX(rig, 'cut off')).toHaveLength(1);
    await second.stop();
  });
});
