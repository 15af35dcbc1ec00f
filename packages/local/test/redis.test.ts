import { Redis } from 'ioredis';
import { existsSync } from 'node:fs';
import { afterEach, describe, test } from 'vitest';
import { startRedis, type LocalRedis, type RedisOptions } from '../src/index.ts';
import { makeTempDir } from '../src/on-exit.ts';
import { isRunning } from './is-running.ts';

const servers: LocalRedis[] = [];
const clients: Redis[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function start(options?: RedisOptions): Promise<LocalRedis> {
  const server = await startRedis(options);
  servers.push(server);
  return server;
}

function connect(server: LocalRedis): Redis {
  const client = new Redis(server.url, { retryStrategy: () => null });
  clients.push(client);
  return client;
}

describe('startRedis', () => {
  test('keeps every acknowledged write, never evicts, and listens on this machine only', async ({
    expect,
  }) => {
    const client = connect(await start());
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await client.config('GET', 'appendfsync')).toEqual(['appendfsync', 'always']);
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await client.config('GET', 'bind')).toEqual(['bind', '127.0.0.1']);
  });

  test('takes other settings', async ({ expect }) => {
    const client = connect(await start({ appendfsync: 'everysec', config: { maxmemory: '64mb' } }));
    expect(await client.config('GET', 'appendfsync')).toEqual(['appendfsync', 'everysec']);
    expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', String(64 * 1024 * 1024)]);
  });

  test('has its data again after SIGKILL and restart, on the same port', async ({ expect }) => {
    const server = await start();
    const before = connect(server);
    before.on('error', () => {}); // the kill cuts the connection
    await before.set('post', 'kept');
    const { pid } = server;
    await server.kill('SIGKILL');
    expect(isRunning(pid)).toBe(false);

    await server.restart();
    expect(server.pid).not.toBe(pid);
    expect(await connect(server).get('post')).toBe('kept');
  });

  test('restarts a server that is running, too', async ({ expect }) => {
    const server = await start();
    const { pid } = server;
    await connect(server).set('post', 'kept');
    await server.restart();
    expect(isRunning(pid)).toBe(false);
    expect(await connect(server).get('post')).toBe('kept');
  });

  test('leaves no process and no directory behind', async ({ expect }) => {
    const server = await startRedis();
    await connect(server).set('post', 'gone');
    expect(existsSync(server.dir)).toBe(true);
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });

  test('stops even while it is suspended', async ({ expect }) => {
    const server = await startRedis();
    await server.kill('SIGSTOP');
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });

  test('leaves a directory alone that it was given', async ({ expect }) => {
    const dir = makeTempDir('slipway-redis-test-');
    const server = await startRedis({ dir: dir.path });
    await connect(server).set('post', 'kept');
    await server.stop();
    expect(existsSync(dir.path)).toBe(true);
    expect(await connect(await start({ dir: dir.path })).get('post')).toBe('kept');
    await servers.pop()?.stop();
    dir.remove();
  });

  test('says why it did not start, in the words of Redis', async ({ expect }) => {
    const { port } = await start();
    await expect(startRedis({ port })).rejects.toThrow(/redis ended with status 1[^]*Address already in use/);
    await expect(startRedis({ config: { 'no-such-setting': 'x' } })).rejects.toThrow(/no-such-setting/);
  });
});
