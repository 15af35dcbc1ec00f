import { eventually } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, test } from 'vitest';
import { createConnectAttempts, layOut } from '../src/index.ts';
import { type Rig, startRig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig();
});
afterEach(() => rig.reset());
afterAll(() => rig.stop());

const attempts = (partitions = 1) => createConnectAttempts(rig.redis, layOut(partitions));

test('an attempt is taken once, whoever asks at the same time', async ({ expect }) => {
  await attempts().put('state', 'sealed', 60_000);
  const taken = await Promise.all(Array.from({ length: 20 }, () => attempts().take('state')));
  expect(taken.filter((each) => each !== null)).toEqual(['sealed']);
  expect(await attempts().take('state')).toBeNull();
  expect(await attempts().take('another')).toBeNull();
});

test('an attempt ends by itself', async ({ expect }) => {
  await attempts().put('state', 'sealed', 600_000);
  const [key = ''] = await rig.redis.keys('*');
  const ttlMs = await rig.redis.pttl(key);
  expect(ttlMs).toBeGreaterThan(590_000);
  expect(ttlMs).toBeLessThanOrEqual(600_000);
  await rig.redis.pexpire(key, 1);
  await eventually(async () => (await rig.redis.exists(key)) === 0);
  expect(await attempts().take('state')).toBeNull();
});

test('a state stands for one attempt, and is not in Redis in clear', async ({ expect }) => {
  await attempts(8).put('planted-state', 'sealed', 60_000);
  await expect(attempts(8).put('planted-state', 'another', 60_000)).rejects.toThrow(/given out before/);
  expect(await attempts(8).take('planted-state')).toBe('sealed');
  expect((await rig.redis.keys('*')).join()).not.toContain('planted');
});
