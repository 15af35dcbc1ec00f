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
  for (let outage = 1; outage <= 2; outage += 1) {
    const linesBefore = worker.log.length;
    await rig.redisServer.kill('SIGKILL');
    // Long enough for every connection to fail again and again.
    let failures = 0;
    const count = (): void => void (failures += 1);
    rig.redis.on('reconnecting', count);
    await eventually(() => failures >= 6);
    rig.redis.off('reconnecting', count);
    await rig.redisServer.restart();
    const postId = await rig.accept(`after outage ${outage}`);
    await eventually(() => worker.log.some((line) => line.msg === 'post taken' && line['postId'] === postId));
    const lines = worker.log.slice(linesBefore);
    expect(lines.filter(({ level }) => level >= 40)).toEqual([
      expect.objectContaining({ msg: 'redis is away', level: 40 }),
    ]);
    expect(lines.filter(({ msg }) => msg === 'redis is back')).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain('"stack"');
  }
});
