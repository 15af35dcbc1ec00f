import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { type WorkerRig, startRig } from './worker-rig.ts';

let rig: WorkerRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

test('a worker whose Redis goes away says so in one line, in another that it is back, and works on', async ({
  expect,
}) => {
  const worker = await rig.startWorker();
  const before = await rig.accept('before');
  expect(await rig.ended(before)).toMatchObject({ status: 'published' });

  let failures = 0;
  rig.redis.on('reconnecting', () => (failures += 1));
  await rig.redisServer.kill('SIGKILL');
  // Long enough for every connection to fail again and again.
  await eventually(() => failures >= 6);
  await rig.redisServer.restart();
  const postId = await rig.accept('after');
  await eventually(() => worker.log.some((line) => line.msg === 'post taken' && line['postId'] === postId));
  expect(worker.log.filter(({ level }) => level >= 40)).toEqual([
    expect.objectContaining({ msg: 'redis is away', level: 40 }),
  ]);
  expect(worker.log.filter(({ msg }) => msg === 'redis is back')).toHaveLength(1);
});
