import { type LocalRedis, type RedisOptions, startRedis } from '@slipway/local';
import { eventually } from '@slipway/testkit';
import type { Redis } from 'ioredis';
import { mkdirSync, symlinkSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, test } from 'vitest';
import { connectRedis, readRisks } from '../src/index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function start(options: RedisOptions = {}): Promise<LocalRedis> {
  const server = await startRedis(options);
  cleanups.push(async () => {
    await server.kill('SIGKILL'); // a replica takes seconds to say goodbye
    await server.stop();
  });
  return server;
}

async function connectTo(url: string): Promise<Redis> {
  const redis = connectRedis(url, { role: 'caller', name: 'safety' });
  redis.on('error', () => {});
  cleanups.push(() => redis.disconnect());
  await once(redis, 'ready');
  return redis;
}

const warning = (message: RegExp) => risk('warning', message);
const risk = (effect: string, message: RegExp) => ({ effect, message });

describe('what the settings of Redis put at risk', () => {
  const cases: { name: string; options: RedisOptions; risks: { effect: string; message: RegExp }[] }[] = [
    { name: 'nothing with AOF on every write and noeviction', options: {}, risks: [] },
    {
      name: 'the last second with everysec',
      options: { appendfsync: 'everysec' },
      risks: [warning(/^appendfsync is everysec: .* the last second .* set always\.$/)],
    },
    {
      name: 'half a minute where the system writes to disk when it likes',
      options: { appendfsync: 'no' },
      risks: [warning(/^appendfsync is no: .* the last half minute .* set always\.$/)],
    },
    {
      name: 'everything at a restart without AOF',
      options: { config: { appendonly: 'no' } },
      risks: [risk('loses_posts', /^appendonly is off: .* switch it on\.$/)],
    },
    {
      name: 'posts with eviction',
      options: { config: { 'maxmemory-policy': 'allkeys-lru' } },
      risks: [risk('loses_posts', /^maxmemory-policy is allkeys-lru: .* set noeviction\.$/)],
    },
  ];
  test.for(cases)('$name', async ({ options, risks }, { expect }) => {
    const redis = await connectTo((await start(options)).url);
    const found = await readRisks(redis, 0);
    expect(found).toEqual(
      risks.map(({ effect, message }) => ({ effect, message: expect.stringMatching(message) })),
    );
  });

  test('cannot be told where the server keeps them to itself', async ({ expect }) => {
    const server = await start();
    const unreadable = (setting: string, value: string) => [
      {
        effect: 'warning',
        message: `Redis does not let ${setting} be read: see to it yourself that it is ${value}.`,
      },
    ];
    for (const [setting, field, value] of [
      ['maxmemory-policy', 'maxmemory_policy', 'noeviction'],
      ['appendonly', 'aof_enabled', 'yes'],
    ] as const) {
      const hiding = await connectTo(await rewrite(server, 'answers', field, field.toUpperCase()));
      expect(await readRisks(hiding, 0)).toEqual(unreadable(setting, value));
    }
    const fsync = unreadable('appendfsync', 'always');
    const silent = await connectTo(await rewrite(server, 'questions', 'appendfsync', 'appendhiddn'));
    expect(await readRisks(silent, 0)).toEqual(fsync);
    const forbidding = await connectTo(server.url);
    await forbidding.acl('SETUSER', 'default', '-config');
    expect(await readRisks(forbidding, 0)).toEqual(fsync);
  });
});

describe('what the state of Redis keeps from working', () => {
  test('a full memory, and before it one that is nearly full', async ({ expect }) => {
    const redis = await connectTo((await start()).url);
    await redis.setrange('filler', 20 * 1024 * 1024, 'x');
    const used = Number(parse(await redis.info('memory'))['used_memory']);
    const limitTo = (bytes: number) => redis.config('SET', 'maxmemory', Math.round(bytes));
    await limitTo(used / 0.8);
    expect(await readRisks(redis, 0)).toEqual([]);
    await limitTo(used / 0.95);
    expect(await readRisks(redis, 0)).toEqual([
      { effect: 'warning', message: expect.stringMatching(/ 9\d % full .* raise maxmemory\.$/) },
    ]);
    await limitTo(used * 0.95);
    expect(await readRisks(redis, 0)).toEqual([
      { effect: 'takes_no_posts', message: expect.stringMatching(/^The memory of Redis is full /) },
    ]);
    await expect(redis.set('key', 'value')).rejects.toThrow('OOM');
  });

  test('an append-only file that cannot be written', async ({ expect }) => {
    const server = await start({ appendfsync: 'everysec' });
    const redis = await connectTo(server.url);
    // A rewrite begins a new file, on a disk that is full.
    const next = (part: string): string => join(server.dir, 'appendonlydir', `appendonly.aof.2.${part}`);
    symlinkSync('/dev/full', next('incr.aof'));
    await redis.bgrewriteaof();
    await eventually(async () => {
      await redis.set('key', 'value').catch(() => undefined);
      return parse(await redis.info('persistence'))['aof_last_write_status'] === 'err';
    });
    await expect(redis.set('key', 'value')).rejects.toThrow('MISCONF');
    expect(await readRisks(redis, 0)).toContainEqual({
      effect: 'takes_no_posts',
      message: expect.stringMatching(/^Redis cannot write its append-only file/),
    });
  });

  test('a rewrite of the append-only file and a snapshot that failed', async ({ expect }) => {
    const server = await start();
    const redis = await connectTo(server.url);
    mkdirSync(join(server.dir, 'dump.rdb'));
    mkdirSync(join(server.dir, 'appendonlydir', 'appendonly.aof.2.base.rdb'));
    await redis.bgrewriteaof();
    await eventually(async () => (await redis.info('persistence')).includes('aof_last_bgrewrite_status:err'));
    await redis.bgsave();
    await eventually(async () => (await redis.info('persistence')).includes('rdb_last_bgsave_status:err'));
    expect(await readRisks(redis, 0)).toEqual([
      { effect: 'warning', message: expect.stringMatching(/^The last rewrite .* failed/) },
      { effect: 'warning', message: expect.stringMatching(/^The last snapshot \(RDB\) failed/) },
    ]);
  });

  test('replicas: one in place of its master, too few, and more than are counted on', async ({ expect }) => {
    const master = await start();
    const toMaster = await connectTo(master.url);
    const toReplica = await connectTo((await start({ replicaOf: master })).url);
    await eventually(async () => (await toMaster.info('replication')).includes('state=online'));
    expect(await readRisks(toReplica, 0)).toEqual([
      {
        effect: 'takes_no_posts',
        message: expect.stringMatching(`is a replica.* its master, 127.0.0.1:${master.port}\\.$`),
      },
    ]);
    expect(await readRisks(toMaster, 0)).toEqual([
      { effect: 'warning', message: expect.stringMatching(/has 1 replica but SLIPWAY_REDIS_REPLICAS is 0/) },
    ]);
    expect(await readRisks(toMaster, 1)).toEqual([]);
    expect(await readRisks(toMaster, 2)).toEqual([
      {
        effect: 'publishes_nothing',
        message: expect.stringMatching(/is 2, but 1 replica is connected: nothing is published/),
      },
    ]);
    // Where a replica takes over, the file matters less.
    await toMaster.config('SET', 'appendonly', 'no');
    expect(await readRisks(toMaster, 1)).toEqual([
      { effect: 'warning', message: expect.stringMatching(/^appendonly is off: .* a replica takes over/) },
    ]);
  });

  test('a server that is too old', async ({ expect }) => {
    const server = await start();
    const { redis_version: version, valkey_version: valkey } = parse(
      await (await connectTo(server.url)).info('server'),
    );
    const field = valkey === undefined ? `redis_version:${version}` : `valkey_version:${valkey}`;
    const old = await connectTo(await rewrite(server, 'answers', field, field.replace(/:\d/, ':5')));
    expect(await readRisks(old, 0)).toEqual([
      {
        effect: 'loses_posts',
        message: expect.stringMatching(/^This is (Redis|Valkey) 5\..*; update it\.$/),
      },
    ]);
  });

  test('is not called fine when Redis does not answer', async ({ expect }) => {
    const server = await start();
    const redis = await connectTo(server.url);
    await server.kill('SIGKILL');
    await expect(readRisks(redis, 0)).rejects.toThrow();
  });
});

function parse(info: string): Record<string, string> {
  return Object.fromEntries([...info.matchAll(/^(\w+):(.*)\r$/gm)].map(([, name, value]) => [name, value]));
}

/** A server that says one thing where Redis says another of the same length, or is asked so. */
async function rewrite(
  { port }: LocalRedis,
  side: 'questions' | 'answers',
  from: string,
  to: string,
): Promise<string> {
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1');
    const pass = (data: Buffer, changed: boolean): string =>
      changed ? data.toString('latin1').replaceAll(from, to) : data.toString('latin1');
    client.on('data', (data: Buffer) => redis.write(pass(data, side === 'questions'), 'latin1'));
    redis.on('data', (data: Buffer) => client.write(pass(data, side === 'answers'), 'latin1'));
    client.on('close', () => redis.destroy());
  }).listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  return `redis://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}
