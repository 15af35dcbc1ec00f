import { type Stack, startStack } from '@slipway/local';
import { makeVideo } from '@slipway/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

const VIDEO_BYTES = 512_000_000;
const LIMIT_BYTES = 200 * 1024 * 1024;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ workers: 1, sim: { processingMs: { tweet_video: 0 } } });
});
afterAll(async () => {
  await stack.stop();
});

test('a worker that uploads the largest video holds a small part of it', async ({ expect }) => {
  const slipway = callSlipway(stack);
  const video = makeVideo({ bytes: VIDEO_BYTES, seed: 512 });
  await slipway.put('large', video);
  const { id } = await slipway.post('large', ['large']);
  expect(await slipway.ended(id, 120_000)).toMatchObject({ status: 'published' });
  const { uploads } = await stack.sim.ledger();
  expect(uploads).toMatchObject([{ sha256: await video.sha256(), bytesReceived: VIDEO_BYTES }]);

  const [worker] = stack.workers;
  await worker?.stop();
  const last = worker?.lines.find((line) => line.includes('"stopped"')) ?? '{}';
  const { peakRssBytes }: { peakRssBytes?: number } = JSON.parse(last);
  console.log(`peak memory of the worker: ${Math.round((peakRssBytes ?? Infinity) / 1024 / 1024)} MiB`);
  expect(peakRssBytes).toBeLessThan(LIMIT_BYTES);
});
