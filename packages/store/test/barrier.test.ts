import { type LocalRedis, type RedisOptions, startRedis } from '@slipway/local';
import { eventually } from '@slipway/testkit';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import { afterEach, describe, test } from 'vitest';
import { connectRedis, createBarrier } from '../src/index.ts';

const KEY = '{slipway:0}:barrier';
const TIMEOUT_MS = 500;
/** Longer than any test. */
const FOREVER_MS = 60_000;

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

function connect(server: LocalRedis, name = 'barrier'): Redis {
  const redis = connectRedis(server.url, { role: 'worker', name });
  redis.on('error', () => {});
  cleanups.push(() => redis.disconnect());
  return redis;
}

/** How often the server was asked to do something. */
async function calls(redis: Redis, command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

describe('with replicas', () => {
  test('what they received is durable; what they have not received in time is not, until they have', async ({
    expect,
  }) => {
    const master = await start();
    const replica = await start({ replicaOf: master });
    const writer = connect(master, 'test');
    const { durable } = createBarrier({
      redis: connect(master),
      key: KEY,
      replicas: 1,
      timeoutMs: TIMEOUT_MS,
    });
    await writer.set('intent', '1');
    expect(await durable()).toBe(true);
    expect(await connect(replica, 'test').get('intent')).toBe('1');

    await replica.kill('SIGSTOP');
    await writer.set('intent', '2');
    expect(await durable()).toBe(false);
    await replica.kill('SIGCONT');
    await eventually(durable);
    expect(await connect(replica, 'test').get('intent')).toBe('2');
  });

  test('of which there are fewer than demanded, nothing is durable', async ({ expect }) => {
    const master = await start();
    await start({ replicaOf: master });
    const redis = connect(master);
    const { durable } = createBarrier({ redis, key: KEY, replicas: 2, timeoutMs: 50 });
    expect(await durable()).toBe(false);
  });

  test('callers share a wait, but never one that began before they came', async ({ expect }) => {
    const master = await start();
    const replica = await start({ replicaOf: master });
    const watcher = connect(master, 'test');
    const barrier = createBarrier({ redis: connect(master), key: KEY, replicas: 1, timeoutMs: FOREVER_MS });
    await barrier.durable();
    const [sets, waits] = await Promise.all([calls(watcher, 'set'), calls(watcher, 'wait')]);

    await replica.kill('SIGSTOP');
    const first = Array.from({ length: 10 }, () => barrier.durable());
    await eventually(async () => (await calls(watcher, 'set')) === sets + 1);
    const second = Array.from({ length: 20 }, () => barrier.durable());
    expect(new Set([...first, ...second]).size).toBe(2);
    await replica.kill('SIGCONT');
    expect(new Set(await Promise.all([...first, ...second]))).toEqual(new Set([true]));
    expect(await calls(watcher, 'set')).toBe(sets + 2);
    expect(await calls(watcher, 'wait')).toBe(waits + 2);
  });

  test('an answer that comes over another connection than the write is not believed', async ({ expect }) => {
    const master = await start();
    const replica = await start({ replicaOf: master });
    const watcher = connect(master, 'test');
    const redis = connect(master);
    const barrier = createBarrier({ redis, key: KEY, replicas: 1, timeoutMs: FOREVER_MS });
    await barrier.durable();
    await replica.kill('SIGSTOP');
    const sets = await calls(watcher, 'set');
    const asked = barrier.durable();
    await eventually(async () => (await calls(watcher, 'set')) > sets);
    // WAIT is sent again over the next connection, which may lead to another server: what that says is not about our write.
    redis.disconnect(true);
    await once(redis, 'ready');
    await replica.kill('SIGCONT');
    expect(await asked).toBe(false);
    expect(await barrier.durable()).toBe(true);
  });
});

describe('the disk', () => {
  test('has everything at once with appendfsync always: nothing is asked', async ({ expect }) => {
    const server = await start();
    const watcher = connect(server, 'test');
    const { durable } = createBarrier({ redis: connect(server), key: KEY, replicas: 0 });
    expect(await durable()).toBe(true);
    expect(await watcher.exists(KEY)).toBe(0);
    const asked = await calls(watcher, 'info');
    for (let count = 0; count < 5; count += 1) expect(await durable()).toBe(true);
    expect(await calls(watcher, 'info')).toBe(asked + 1); // the one that told it
  });

  test('is not waited for with appendfsync no: nobody knows when it will have it', async ({ expect }) => {
    const { durable } = createBarrier({
      redis: connect(await start({ appendfsync: 'no' })),
      key: KEY,
      replicas: 0,
    });
    expect(await durable()).toBe(true);
  });

  test('with everysec is waited for where the server has WAITAOF, and cannot be where it has not', async ({
    expect,
    annotate,
  }) => {
    const server = await start({ appendfsync: 'everysec' });
    const watcher = connect(server, 'test');
    const { durable } = createBarrier({ redis: connect(server), key: KEY, replicas: 0 });
    await watcher.set('intent', '1');
    expect(await durable()).toBe(true);
    const knowsWaitaof = ((await watcher.command('INFO', 'WAITAOF'))[0] ?? null) !== null;
    await annotate(knowsWaitaof ? 'the disk was waited for' : 'this server has no WAITAOF');
    expect(await calls(watcher, 'waitaof')).toBe(knowsWaitaof ? 2 : 0); // one to find out whether there is one
    expect(await watcher.exists(KEY)).toBe(knowsWaitaof ? 1 : 0);
    if (!knowsWaitaof) return;
    // As in a power cut: what is not on disk is gone with the process.
    expect(await watcher.call('WAITAOF', 1, 0, 1)).toEqual([1, 0]);
  });
});

describe('without Redis', () => {
  test('nothing is durable, and all is again when it is back', async ({ expect }) => {
    const server = await start();
    const { durable } = createBarrier({ redis: connect(server), key: KEY, replicas: 0, timeoutMs: 50 });
    await server.kill('SIGKILL');
    expect(await durable()).toBe(false);
    await server.restart();
    await eventually(durable);
  });

  test('that refuses the question, the error says so', async ({ expect }) => {
    const server = await start();
    await connect(server, 'test').acl('SETUSER', 'default', '-wait');
    const { durable } = createBarrier({ redis: connect(server), key: KEY, replicas: 1 });
    await expect(durable()).rejects.toThrow("'wait'");
    await expect(durable()).rejects.toThrow("'wait'");
  });
});
