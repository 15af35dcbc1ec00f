import { startRedis, type LocalRedis, type RedisOptions } from '@slipway/local';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, describe, test } from 'vitest';
import { connectRedis, createStore } from '../src/index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function start(options: RedisOptions): Promise<LocalRedis> {
  const server = await startRedis(options);
  cleanups.push(() => server.stop());
  return server;
}

async function storeOf(url: string, prepare?: (redis: ReturnType<typeof connectRedis>) => Promise<unknown>) {
  const redis = connectRedis(url, { role: 'caller', name: 'safety' });
  redis.on('error', () => {});
  cleanups.push(() => redis.disconnect());
  await once(redis, 'ready');
  await prepare?.(redis);
  return createStore({ redis, partitions: 1, connectBlocking: () => redis });
}

describe('what the settings of Redis put at risk', () => {
  const cases: { name: string; options: RedisOptions; ok: boolean; warnings: RegExp[] }[] = [
    { name: 'nothing with AOF on every write and noeviction', options: {}, ok: true, warnings: [] },
    {
      name: 'the last second with everysec',
      options: { appendfsync: 'everysec' },
      ok: true,
      warnings: [/^appendfsync is everysec: .* set always\.$/],
    },
    {
      name: 'everything at a restart without AOF',
      options: { config: { appendonly: 'no' } },
      ok: true,
      warnings: [/^appendonly is off: .* switch it on\.$/],
    },
    {
      name: 'posts with eviction, which is not ok',
      options: { config: { 'maxmemory-policy': 'allkeys-lru' } },
      ok: false,
      warnings: [/^maxmemory-policy is allkeys-lru: .* set noeviction\.$/],
    },
  ];
  test.for(cases)('$name', async ({ options, ok, warnings }, { expect }) => {
    const server = await start(options);
    const safety = await (await storeOf(server.url)).safety();
    expect(safety.ok).toBe(ok);
    expect(safety.warnings).toHaveLength(warnings.length);
    for (const [index, pattern] of warnings.entries()) expect(safety.warnings[index]).toMatch(pattern);
  });

  test('cannot be told where the server does not let its settings be read', async ({ expect }) => {
    const unreadable = {
      ok: true,
      warnings: [
        expect.stringMatching(/^The settings of Redis cannot be read \(.+\): see to AOF and noeviction/),
      ],
    };
    const server = await start({});
    const hiding = await storeOf(await hideSetting(server.port, 'maxmemory-policy', 'maxmemory-hidden'));
    expect(await hiding.safety()).toEqual(unreadable);
    const forbidding = await storeOf(server.url, (redis) => redis.acl('SETUSER', 'default', '-config'));
    expect(await forbidding.safety()).toEqual(unreadable);
  });

  test('is not called fine when Redis does not answer', async ({ expect }) => {
    const server = await start({});
    const store = await storeOf(server.url);
    await server.kill('SIGKILL');
    await expect(store.safety()).rejects.toThrow();
    await expect(store.ping()).rejects.toThrow();
  });
});

/** Some hosted servers answer with an empty list when asked for certain settings, as Redis does for those it does not have. */
async function hideSetting(redisPort: number, name: string, other: string): Promise<string> {
  const server = createServer((client) => {
    const redis = connect(redisPort, '127.0.0.1');
    client.on('data', (data) => redis.write(data.toString('latin1').replaceAll(name, other), 'latin1'));
    redis.pipe(client);
    client.on('close', () => redis.destroy());
  }).listen(0, '127.0.0.1');
  cleanups.push(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  return `redis://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}
