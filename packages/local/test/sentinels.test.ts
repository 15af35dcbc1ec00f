import { Redis } from 'ioredis';
import { eventually } from '@slipway/testkit';
import { afterEach, test } from 'vitest';
import { startRedis, startSentinels } from '../src/index.ts';
import { isRunning } from './is-running.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

test('sentinels promote the replica of a master that is gone', async ({ expect }) => {
  const master = await startRedis();
  stops.push(() => master.stop());
  const replica = await startRedis({ replicaOf: master });
  stops.push(() => replica.stop());
  const sentinels = await startSentinels({ master, downAfterMs: 500 });
  stops.push(() => sentinels.stop());
  expect(sentinels.processes).toHaveLength(3);
  expect(sentinels.url).toMatch(/^redis\+sentinel:\/\/(127\.0\.0\.1:\d+,?){3}\/slipway$/);
  const client = new Redis(replica.url);
  stops.push(() => client.disconnect());
  client.on('error', () => {});
  expect((await client.role())[0]).toBe('slave');

  await master.kill('SIGKILL');
  await eventually(async () => (await client.role())[0] === 'master', { timeoutMs: 20_000 });
  const pids = sentinels.processes.map(({ pid }) => pid);
  await sentinels.stop();
  expect(pids.filter(isRunning)).toEqual([]);
});
