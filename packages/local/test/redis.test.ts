import { Redis } from 'ioredis';
import { existsSync } from 'node:fs';
import { eventually } from '@slipway/testkit';
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

describe('a replica', () => {
  test('has what its master had and gets, and can be written to once it is promoted', async ({ expect }) => {
    const master = await start();
    await connect(master).set('before', '1');
    const replica = await start({ replicaOf: master });
    const client = connect(replica);
    expect(await client.get('before')).toBe('1');
    await connect(master).set('after', '1');
    await eventually(async () => (await client.get('after')) === '1');
    await expect(client.set('own', '1')).rejects.toThrow('READONLY');

    const id = await replicationId(replica);
    expect(id).toBe(await replicationId(master));
    await replica.promote();
    await client.set('own', '1');
    expect(await replicationId(replica)).not.toBe(id);
  });

  test('that lags loses acknowledged writes when it takes over, and the old master gives them up to follow it', async ({
    expect,
  }) => {
    const master = await start();
    const replica = await start({ replicaOf: master });
    await connect(master).set('post', 'replicated');
    const taker = connect(replica);
    await eventually(async () => (await taker.get('post')) === 'replicated');
    await replica.lag();
    expect(await connect(master).set('post', 'acknowledged')).toBe('OK');
    expect(await connect(master).wait(1, 50)).toBe(0);
    await master.kill('SIGSTOP');

    await replica.promote();
    expect(await taker.get('post')).toBe('replicated');
    await taker.set('later', '1');

    await master.kill('SIGCONT');
    await master.follow(replica);
    expect(await connect(master).mget('post', 'later')).toEqual(['replicated', '1']);
  });

  test('catches up when it follows again, and keeps its place after a restart', async ({ expect }) => {
    const master = await start();
    const replica = await start({ replicaOf: master });
    await replica.lag();
    await connect(master).set('post', '1');
    expect(await connect(replica).get('post')).toBeNull();
    await replica.follow(master);
    expect(await connect(replica).get('post')).toBe('1');

    await replica.restart();
    await connect(master).set('later', '1');
    const restarted = connect(replica).on('error', () => {});
    await eventually(async () => (await restarted.get('later')) === '1');
    await replica.follow(master); // until it is on disk as well
    await replica.promote();
    await replica.restart();
    expect(await connect(replica).info('replication')).toContain('role:master');
  });

  test('is what lags: a master cannot', async ({ expect }) => {
    await expect((await start()).lag()).rejects.toThrow('only a replica can');
  });
});

describe('an append-only file that is cut', () => {
  test('loses what was written after the mark, and nothing else', async ({ expect }) => {
    const server = await start({ appendfsync: 'everysec' });
    const before = connect(server).on('error', () => {});
    await before.set('kept', '1');
    const mark = server.aofMark();
    await before.set('lost', '1');
    expect(() => server.cutAofTail(mark)).toThrow('is running');
    await server.kill('SIGKILL');
    server.cutAofTail(mark);
    await server.restart();
    expect(await connect(server).mget('kept', 'lost')).toEqual(['1', null]);
  });

  test('may end in the middle of a command', async ({ expect }) => {
    const server = await start();
    const before = connect(server).on('error', () => {});
    await before.set('kept', '1');
    const mark = server.aofMark();
    await before.multi().set('lost', '1').set('lost too', '1').exec();
    await server.kill('SIGKILL');
    server.cutAofTail({ ...mark, bytes: mark.bytes + 50 });
    await server.restart();
    expect(await connect(server).mget('kept', 'lost', 'lost too')).toEqual(['1', null, null]);
  });

  test('cannot be cut at a mark from before it was rewritten', async ({ expect }) => {
    const server = await start();
    const before = connect(server).on('error', () => {});
    const mark = server.aofMark();
    await before.bgrewriteaof();
    await eventually(() => server.aofMark().file !== mark.file);
    await server.kill('SIGKILL');
    expect(() => server.cutAofTail(mark)).toThrow('was rewritten after the mark');
  });
});

async function replicationId(server: LocalRedis): Promise<string | undefined> {
  return /master_replid:(\w+)/.exec(await connect(server).info('replication'))?.[1];
}
