import { pino } from 'pino';
import { test } from 'vitest';
import { stop } from '../src/stop.ts';
import { ACCOUNT, startApi, startStubbornS3 } from './start-api.ts';

test.for([
  [
    'lets a request that can finish do so',
    { inspectTimeoutMs: 300, graceMs: 20_000, status: 0, answer: 202 },
  ],
  [
    'cuts a request that does not finish in time',
    { inspectTimeoutMs: 60_000, graceMs: 100, status: 1, answer: 'cut' },
  ],
] as const)('stopping %s', async ([, { inspectTimeoutMs, graceMs, status, answer }], { expect }) => {
  const s3 = await startStubbornS3('silence');
  const api = await startApi({ s3Endpoint: s3.endpoint, limits: { inspectTimeoutMs } });
  const body = { account: ACCOUNT, media: [{ bucket: 'media', key: 'a.png' }] };
  const asking = api.ask('/v1/posts', { method: 'POST', body }).then(
    (each) => each.status,
    () => 'cut',
  );
  await s3.asked;
  let isReleased = false;
  const exitStatus = await stop({
    close: () => api.app.close(),
    cut: () => api.app.server.closeAllConnections(),
    release: async () => {
      isReleased = true;
    },
    logger: pino({ level: 'silent' }),
    graceMs,
  });
  expect([exitStatus, await asking, isReleased]).toEqual([status, answer, true]);
  await api.stop();
  await s3.stop();
});
