import { makeGif, makeImage, makeVideo, eventually } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type TestWorker, type WorkerRig, postsOnX, startRig } from './worker-rig.ts';

let rig: WorkerRig;
let worker: TestWorker;
beforeAll(async () => {
  rig = await startRig({ sim: { config: { processingMs: { tweet_video: 100, tweet_gif: 50 } } } });
  worker = await rig.startWorker();
});
afterAll(() => rig.stop());

describe('a post goes through', () => {
  const image = makeImage({ type: 'png', seed: 1 });
  const another = makeImage({ type: 'jpeg', seed: 2 });
  const gif = makeGif({ seed: 3 });
  const video = makeVideo({ bytes: 300_000, seed: 4 });
  const kinds = [
    { name: 'text', media: [], categories: [] },
    { name: 'images', media: [image, another], categories: ['tweet_image', 'tweet_image'] },
    { name: 'GIF', media: [gif], categories: ['tweet_gif'] },
    { name: 'video', media: [video], categories: ['tweet_video'] },
  ];
  test.for(kinds)('$name', async ({ name, media, categories }, { expect }) => {
    const keys = media.map((_, index) => `${name}-${index}`);
    for (const [index, key] of keys.entries()) {
      const each = media[index];
      if (each) await rig.put(key, each);
    }
    const id = await rig.accept(`a ${name}`, keys);
    const state = await rig.ended(id);
    const [post, ...more] = postsOnX(rig, `a ${name}`);
    expect(more).toEqual([]);
    expect(state).toMatchObject({ status: 'published', published: { xPostId: post?.id }, failure: null });

    const uploads = rig.sim.ledger().uploads.filter(({ mediaId }) => post?.mediaIds.includes(mediaId));
    const byMediaId = new Map(uploads.map((upload) => [upload.mediaId, upload]));
    const inOrder = (post?.mediaIds ?? []).map((mediaId) => byMediaId.get(mediaId));
    expect(inOrder.map((upload) => upload?.category)).toEqual(categories);
    expect(inOrder.map((upload) => upload?.sha256)).toEqual(
      await Promise.all(media.map((each) => each.sha256())),
    );
    expect(uploads.reduce((sum, upload) => sum + upload.bytesRepeated, 0)).toBe(0);

    // Nothing of it stays behind: no job, no place in the hand-off, nobody who has it.
    await eventually(async () => (await rig.jobOf(id)) === undefined);
    expect(await rig.redis.zscore('{slipway:0}:admitted', id)).toBeNull();
    expect(await rig.store.posts.get(id)).toMatchObject({ heldBy: null });
  });

  test('and tells its events in order', async ({ expect }) => {
    await rig.put('told', video);
    const id = await rig.accept('told', ['told']);
    await rig.ended(id);
    const events = await rig.store.posts.events(id, null);
    const told = events.flatMap(({ event }) =>
      event.type === 'media.advanced' ? [event.data.step] : [event.type],
    );
    expect(told).toEqual([
      'post.scheduled',
      'post.staging',
      'initialize',
      'append',
      'finalize',
      'processing',
      'post.waiting',
      'ready',
      'post.staged',
      'post.publishing',
      'post.published',
    ]);
  });

  test('at its time, and not before', async ({ expect }) => {
    await rig.put('timed', image);
    const publishAt = Date.now() + 3_600_000;
    const id = await rig.accept('timed', ['timed'], { publishAt });
    const { job, until } = await rig.delayed(id);
    expect(until).toBe(publishAt);
    const score = await rig.redis.zscore('{slipway:0}:posts:delayed', job.id ?? '');
    expect(Math.floor(Number(score) / 0x1000)).toBe(publishAt); // BullMQ keeps an instant and a counter in one number
    expect(await rig.stateOf(id)).toMatchObject({ status: 'staged', waiting: { reason: 'schedule' } });
    expect(postsOnX(rig, 'timed')).toEqual([]);

    await job.promote(); // too early: it only looks, and goes back
    await eventually(async () => (await rig.delayed(id)).job.attemptsStarted > job.attemptsStarted);
    expect(await rig.stateOf(id)).toMatchObject({ status: 'staged' });
    expect(postsOnX(rig, 'timed')).toEqual([]);
  });
});

test('a worker that was stopped has nothing in hand and no connection', async ({ expect }) => {
  expect(worker.inHand).toBe(0);
  expect(await rig.workerClients()).not.toEqual([]);
  await worker.stop();
  await eventually(async () => (await rig.workerClients()).length === 0);
  expect(worker.log.filter(({ level }) => level >= 40)).toEqual([]);
});
