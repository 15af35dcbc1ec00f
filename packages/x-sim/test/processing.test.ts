import { test } from 'vitest';
import { startCheckedSim } from './checked-sim.ts';
import { makeGif, makeMp4, makePng } from './media.ts';

test('goes from pending over in_progress to succeeded with the clock', async ({ expect }) => {
  await using checked = await startCheckedSim({ config: { processingMs: { tweet_video: 100_000 } } });
  const { x, sim } = checked;
  sim.clock.freeze();
  const id = await x.upload('video/mp4', 'tweet_video', makeMp4(500));
  const seen: unknown[] = [];
  for (const advanceMs of [0, 50_000, 40_000, 10_000]) {
    sim.clock.advance(advanceMs);
    seen.push((await x.status(id)).json.data.processing_info);
  }
  expect(seen).toEqual([
    { state: 'pending', check_after_secs: 1 },
    { state: 'in_progress', check_after_secs: 1, progress_percent: 50 },
    { state: 'in_progress', check_after_secs: 1, progress_percent: 90 },
    { state: 'succeeded', progress_percent: 100 },
  ]);
  expect(sim.ledger().uploads[0]).toMatchObject({ state: 'succeeded', readyAt: sim.clock.now() });
});

test('takes the time of its category', async ({ expect }) => {
  await using checked = await startCheckedSim({
    config: { processingMs: { tweet_gif: 5000, tweet_video: 20_000 } },
  });
  const { x, sim } = checked;
  sim.clock.freeze();
  await x.upload('image/gif', 'tweet_gif', makeGif());
  await x.upload('video/mp4', 'tweet_video', makeMp4(500));
  await x.upload('image/png', 'tweet_image', makePng());
  const readyAfterMs = sim
    .ledger()
    .uploads.map((upload) => (upload.readyAt ?? 0) - (upload.finalizedAt ?? 0));
  expect(readyAfterMs).toEqual([5000, 20_000, 0]);
});

test('refuses polls that come too early', async ({ expect }) => {
  await using checked = await startCheckedSim();
  const { x, sim } = checked;
  sim.clock.freeze();
  const first = await x.upload('video/mp4', 'tweet_video', makeMp4(500));
  const statuses = [(await x.status(first)).status, (await x.status(first)).status];
  sim.clock.advance(1000);
  statuses.push((await x.status(first)).status);
  expect(statuses).toEqual([200, 503, 200]);

  sim.configure({ earlyPoll: 'refuse' });
  const second = await x.upload('video/mp4', 'tweet_video', makeMp4(500));
  expect((await x.status(second)).status).toBe(503);

  sim.configure({ earlyPoll: 'allow' });
  expect((await x.status(second)).status).toBe(200);
  expect((await x.status(second)).status).toBe(200);
});

test('counts expiry anew from finalize', async ({ expect }) => {
  await using checked = await startCheckedSim({
    config: { uploadExpiresAfterMs: 10_000, mediaExpiresAfterMs: 50_000 },
  });
  const { x, sim } = checked;
  sim.clock.freeze();
  const open = String((await x.initialize('video/mp4', 'tweet_video', 10)).json.data.id);
  const done = await x.upload('image/png', 'tweet_image', makePng());
  sim.clock.advance(10_000);
  expect(sim.ledger().uploads.map(({ state }) => state)).toEqual(['expired', 'succeeded']);
  expect((await x.append(open, 0, Buffer.alloc(10))).status).toBe(404);
  sim.clock.advance(40_000);
  expect((await x.post({ media: { media_ids: [done] } })).status).toBe(400);
});
