import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { startRedis, startSentinels } from '@slipway/local';
import { afterEach, test } from 'vitest';
import { connectRedis } from '../src/index.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

test('the master is found though the first Sentinel is silent, by every role and by copies of its connection', async ({
  expect,
}) => {
  const master = await startRedis();
  stops.push(() => master.stop());
  const sentinels = await startSentinels({ master, replicas: 0 });
  stops.push(() => sentinels.stop());
  const silent = `127.0.0.1:${await startSilentServer()}`;
  const url = `${sentinels.url.replace('//', `//${silent},`)}?db=2`;
  const caller = connectRedis(url, { role: 'caller', name: 'caller' });
  const blocking = connectRedis(url, { role: 'blocking', name: 'blocking' });
  const copy = blocking.duplicate({ connectionName: 'copy' }); // as BullMQ makes one
  for (const connection of [caller, blocking, copy]) stops.push(() => connection.disconnect());

  await Promise.all([caller, blocking, copy].map((connection) => once(connection, 'ready')));
  await caller.set('key', 'in database 2');
  expect(await copy.get('key')).toBe('in database 2');
  expect(await blocking.client('INFO')).toContain(' db=2 ');
  expect(await blocking.info('server')).toContain(`tcp_port:${master.port}`);
});

/** Takes connections and never says a word. */
async function startSilentServer(): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.resume())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}
