import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, beforeEach, test } from 'vitest';
import { connectRedis, watchConnections } from '../src/index.ts';
import { type Rig, startRig } from './rig.ts';

let rig: Rig;
const lines: string[] = [];
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => lines.splice(0));
afterAll(() => rig.stop());

const watch = () =>
  watchConnections({
    warn: ({ reason }, message) => lines.push(`${message}: ${reason}`),
    info: ({ awayMs }, message) => lines.push(`${message} after ${awayMs > 0 ? 'a while' : 'no time'}`),
  });
const connect = (role: 'caller' | 'worker' | 'blocking') =>
  connectRedis(rig.server.url, { role, name: 'watched' });

test('an outage is told once for all connections, when it begins and when it is over', async ({ expect }) => {
  const each = watch();
  const connections = (['caller', 'worker', 'blocking'] as const).map((role) => each(connect(role)));
  await eventually(() => connections.every(({ status }) => status === 'ready'));
  expect(lines).toEqual([]);

  for (let round = 1; round <= 2; round += 1) {
    await rig.server.kill('SIGKILL');
    await eventually(() => connections.every(({ status }) => status === 'reconnecting'));
    await rig.server.restart();
    await eventually(() => connections.every(({ status }) => status === 'ready'));
    expect(lines.splice(0)).toEqual([
      expect.stringMatching(/^redis is away: ./),
      'redis is back after a while',
    ]);
  }
  for (const connection of connections) connection.disconnect();
  await eventually(() => connections.every(({ status }) => status === 'end'));
  expect(lines).toEqual([]);
});

test('one that is given up does not keep the others from being back', async ({ expect }) => {
  await rig.server.kill('SIGKILL');
  const each = watch();
  const [kept, givenUp] = [each(connect('worker')), each(connect('worker'))];
  await eventually(() => lines.length > 0);
  expect(lines).toEqual([expect.stringContaining('ECONNREFUSED')]);
  givenUp.disconnect(); // and says nothing about its end
  await rig.server.restart();
  await eventually(() => lines.length === 2);
  expect(lines[1]).toBe('redis is back after a while');
  kept.disconnect();
});
