import { type PostEdit, editPost, leadOf } from '@slipway/pipeline/core';
import { eventually, makeImage, makeVideo, movableClock } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import {
  type TestWorker,
  type WorkerRig,
  createsOnX,
  passWait,
  passWaits,
  postsOnX,
  startRig,
} from './worker-rig.ts';

// As in waits.test.ts: one clock for X and the pipeline, a day ahead of Redis, moved by hand.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';

const clock = movableClock(Date.now() + 24 * HOUR);
let rig: WorkerRig;
let worker: TestWorker;
beforeAll(async () => {
  rig = await startRig({
    clock,
    sim: {
      now: () => clock.now(),
      config: {
        processingMs: { tweet_video: 2 * MINUTE },
        checkAfterSecs: 30,
        mediaExpiresAfterMs: 2 * HOUR,
      },
    },
  });
  worker = await rig.startWorker();
});
afterAll(() => rig.stop());

const idle = () => eventually(() => worker.inHand === 0);

async function edit(id: string, change: PostEdit) {
  const outcome = await rig.store.posts.change(id, (record, changedSince) => {
    const edited = editPost(record, change, {
      now: clock.now(),
      changedSince,
      policy: rig.world.policy,
      paces: {},
      facts: [],
    });
    // The clock of Redis is a day behind: what is due by the rig's clock is not by that one.
    return 'refused' in edited ? null : { ...edited, startAt: 0 };
  });
  return outcome?.changed ?? false;
}

/** Requests that X has had so far, but for those that ask how far the processing is. */
function requests(): Record<string, number> {
  const { 'media.status': _status, ...rest } = rig.sim.ledger().requests;
  return Object.fromEntries(
    Object.entries(rest).map(([operation, counts]) => [
      operation,
      Object.values(counts).reduce((sum, count) => sum + count, 0),
    ]),
  );
}

describe('a post that was staged long before its time', () => {
  test('has its media uploaded again ahead of it, so that at its time one request is left', async ({
    expect,
  }) => {
    await rig.put('early-video', makeVideo({ bytes: 200_000, seed: 1 }));
    const publishAt = clock.now() + 5 * HOUR;
    const id = await rig.accept('early', ['early-video'], { publishAt, leadMs: HOUR });
    const waits = await passWaits(rig, clock, id, (all) => all.at(-1)?.reason === 'schedule');
    expect(waits.at(-1)).toMatchObject({ until: publishAt - HOUR });
    expect(await rig.stateOf(id)).toMatchObject({ status: 'staged' });
    await passWait(rig, clock, id);
    await passWaits(rig, clock, id, (all) => all.at(-1)?.until === publishAt);
    const state = await rig.stateOf(id);
    expect(state).toMatchObject({ status: 'staged', waiting: { reason: 'schedule', until: publishAt } });
    expect(state.media[0]?.upload?.expiresAt).toBeGreaterThan(publishAt);

    const before = requests();
    await passWait(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(requests()).toEqual({ ...before, 'posts.create': (before['posts.create'] ?? 0) + 1 });
    expect(postsOnX(rig, 'early')).toHaveLength(1);
  });

  test('where X keeps nothing for so long, is uploaded ahead once, then when it is due, and goes out', async ({
    expect,
  }) => {
    rig.sim.configure({ mediaExpiresAfterMs: 5 * MINUTE });
    await rig.put('short-image', makeImage({ type: 'png', seed: 2 }));
    const before = requests()['media.upload'] ?? 0;
    const publishAt = clock.now() + 5 * HOUR;
    const id = await rig.accept('short', ['short-image'], { publishAt, leadMs: HOUR });
    await passWaits(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect((requests()['media.upload'] ?? 0) - before).toBe(3);
    expect(postsOnX(rig, 'short')).toHaveLength(1);
    rig.sim.configure({ mediaExpiresAfterMs: 2 * HOUR });
  });
});

describe('a post that is edited', () => {
  test('while X processes its video keeps the upload, and goes out as it is now', async ({ expect }) => {
    const video = makeVideo({ bytes: 200_000, seed: 3 });
    await rig.put('edited-video', video);
    const id = await rig.accept('before the edit', ['edited-video']);
    await rig.delayed(id);
    expect(await rig.stateOf(id)).toMatchObject({ waiting: { reason: 'processing' } });
    expect(await edit(id, { text: 'after the edit' })).toBe(true);
    await passWaits(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(postsOnX(rig, 'before the edit')).toEqual([]);
    const [post] = postsOnX(rig, 'after the edit');
    const uploads = rig.sim.ledger().uploads.filter(({ mediaId }) => post?.mediaIds.includes(mediaId));
    expect(uploads).toMatchObject([{ sha256: await video.sha256(), bytesRepeated: 0 }]);
  });

  test('while a worker has it in hand is lost to that worker, which posts nothing of the former', async ({
    expect,
  }) => {
    await rig.put('hung', makeVideo({ bytes: 400_000, seed: 4 }));
    await rig.put('instead', makeImage({ type: 'png', seed: 5 }));
    rig.sim.faults.script({ on: { operation: 'media.append' }, do: { hang: true } });
    const id = await rig.accept('in hand', ['hung']);
    await eventually(() => worker.inHand === 1 && rig.sim.openRequests() > 0);
    const media = [
      { bucket: 'media', key: 'instead', versionId: null, altText: 'New', category: null, ifChanged: 'fail' },
    ] as const;
    expect(await edit(id, { text: 'in hand no more', media: [...media] })).toBe(true);
    await passWaits(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published', media: [{ category: 'tweet_image' }] });
    expect(postsOnX(rig, 'in hand')).toEqual([]);
    expect(postsOnX(rig, 'in hand no more')).toHaveLength(1);
  });

  test('when it is published already stays as it is', async ({ expect }) => {
    const id = await rig.accept('too late');
    await rig.ended(id);
    const creates = createsOnX(rig);
    expect(await edit(id, { text: 'later still' })).toBe(false);
    await idle();
    expect(createsOnX(rig)).toBe(creates);
  });
});

test('what uploads and processing take is measured, and decides when the next post begins', async ({
  expect,
}) => {
  await rig.put('measured', makeVideo({ bytes: 300_000, seed: 6 }));
  rig.sim.configure({ processingMs: { tweet_video: 25 * MINUTE } });
  const before = leadOf(
    'post_x',
    [{ category: 'tweet_video', bytes: 300_000 }],
    {},
    { stagingLeadMs: 0, stagingSpreadMs: 0 },
  );
  // Five of them: an average takes a while to move.
  for (const round of [1, 2, 3, 4, 5]) {
    const id = await rig.accept(`measured ${round}`, ['measured'], { publishAt: clock.now() });
    await passWaits(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
  }
  const paces = await rig.store.paces.read(ACCOUNT);
  expect(paces.tweet_video?.bytesPerSecond).toBeGreaterThan(0);
  expect(paces.tweet_video?.processingMs).toBeGreaterThan(10 * MINUTE);
  expect(paces.tweet_image).toEqual({ bytesPerSecond: null, processingMs: null });
  const after = leadOf('post_x', [{ category: 'tweet_video', bytes: 300_000 }], paces, {
    stagingLeadMs: 0,
    stagingSpreadMs: 0,
  });
  expect(after).toBeGreaterThan(before + 15 * MINUTE);
});
