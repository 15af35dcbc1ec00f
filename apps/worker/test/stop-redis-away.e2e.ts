import { startStack } from '@slipway/local';
import { test } from 'vitest';

test('a worker that is told to stop while Redis is away ends all the same, and in time', async ({
  expect,
}) => {
  const stack = await startStack({ settings: { SLIPWAY_WORKER_GRACE_MS: '500' } });
  const [worker] = stack.workers;
  if (!worker || !stack.redis) throw new Error('the stack has a worker and a Redis of its own');
  await stack.redis.kill('SIGKILL');
  worker.kill('SIGTERM');
  // Coming back meanwhile is the worst case: what had given up and what had not are then mixed.
  await stack.redis.restart();
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  await stack.stop();
});
