import { readLogLine, startStack } from '@slipway/local';
import { Redis } from 'ioredis';
import { test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

test('a worker that takes no work says so and ends with 1; the next one does the work', async ({
  expect,
  onTestFinished,
}) => {
  const stack = await startStack({ settings: { SLIPWAY_WATCHDOG_MS: '2000' } });
  onTestFinished(() => stack.stop());
  const redis = new Redis(stack.redisUrl);
  onTestFinished(() => redis.disconnect());
  const slipway = callSlipway(stack);
  // Redis refuses the command by which BullMQ takes a job, and nothing else.
  await redis.acl('SETUSER', 'default', '-rpoplpush');
  const { id } = await slipway.post('nobody takes it', []);

  const [worker] = stack.workers;
  expect(await worker?.exited).toEqual({ code: 1, signal: null });
  const said = worker?.lines.map((line) => readLogLine(line)).filter((line) => line?.['level'] === 60);
  expect(said).toMatchObject([{ due: 1, msg: expect.stringContaining('posts are due') }]);

  await redis.acl('SETUSER', 'default', '+rpoplpush');
  await stack.startWorker();
  expect((await slipway.ended(id, 20_000)).status).toBe('published');
});
