import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { Redis } from 'ioredis';
import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { readEvents } from './event-reader.ts';
import { ACCOUNT, startApi, type ApiUnderTest } from './start-api.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi({ limits: { readyTimeoutMs: 500 } });
});
afterAll(() => api.stop());

const body = { account: ACCOUNT, text: 'x', publishAt: '2099-01-01T00:00:00Z' };
const create = () => api.ask('/v1/posts', { method: 'POST', body });

describe('while Redis is away', () => {
  test('nothing is accepted, everything says so, and what was accepted is there when it is back', async ({
    expect,
  }) => {
    const accepted: string[] = [(await create()).body.id];
    const reader = await readEvents(api, accepted[0] ?? '');
    expect(await reader.next()).toMatchObject({ event: 'post.scheduled' });

    await api.redis.kill('SIGKILL');
    for (const [path, method] of [
      ['/v1/posts', 'POST'],
      ['/v1/posts', 'GET'],
      [`/v1/posts/${accepted[0]}`, 'GET'],
      [`/v1/posts/${accepted[0]}/cancel`, 'POST'],
      [`/v1/posts/${accepted[0]}/retry`, 'POST'],
      [`/v1/posts/${accepted[0]}/events`, 'GET'],
    ] as const) {
      const answer = await api.ask(path, {
        method,
        ...(path === '/v1/posts' && method === 'POST' && { body }),
      });
      expect(answer, `${method} ${path}`).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
      expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    }
    expect(await api.ask('/readyz')).toMatchObject({ status: 503, body: { code: 'not_ready' } });
    expect((await api.ask('/healthz')).status).toBe(200);
    // What is wrong with the request itself is still said.
    expect(
      (await api.ask('/v1/posts', { method: 'POST', body: { ...body, text: 'x'.repeat(300) } })).status,
    ).toBe(422);

    await api.redis.restart();
    await eventually(async () => (await api.ask('/readyz')).status === 200, { describe: 'readiness' });
    accepted.push((await create()).body.id);
    const listed: { id: string }[] = (await api.ask('/v1/posts')).body.posts;
    expect(listed.map(({ id }) => id).toSorted()).toEqual(accepted.toSorted());

    // The stream that was open all the time goes on.
    await api.ask(`/v1/posts/${accepted[0]}/cancel`, { method: 'POST' });
    expect((await reader.rest()).map(({ event }) => event)).toEqual(['post.canceled']);
  });

  test('that hangs, callers get an answer and learn what was not done', async ({ expect }) => {
    const accepted: string = (await create()).body.id;
    await api.redis.kill('SIGSTOP');
    const [answer, ready, read, canceled] = await Promise.all([
      create(),
      api.ask('/readyz'),
      api.ask('/v1/posts'),
      api.ask(`/v1/posts/${accepted}/cancel`, { method: 'POST' }),
    ]);
    await api.redis.kill('SIGCONT');
    expect(ready.status).toBe(503);
    expect(read.body.detail).toContain('Nothing was changed');
    expect(canceled).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable', detail: expect.stringContaining('may have been done') },
    });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'store_unavailable', detail: expect.stringContaining('was not accepted') },
    });
  });

  test('that hangs with a write on its way, the answer names the id under which it may turn up', async ({
    expect,
  }) => {
    const redis = new Redis(api.redis.url);
    await redis.call('CLIENT', 'PAUSE', 60_000, 'WRITE');
    const answer = await create();
    await redis.call('CLIENT', 'UNPAUSE');
    redis.disconnect();
    expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
    const id = /post_[0-9a-z]{26}/.exec(answer.body.detail)?.[0];
    expect(answer.body.hint).toContain(`GET /v1/posts/${id}`);
    await eventually(async () => (await api.ask(`/v1/posts/${id}`)).status === 200, {
      describe: 'the post that may be there',
    });
  });
});

test('while the memory of Redis is full, nothing is accepted and what was accepted is kept', async ({
  expect,
}) => {
  const id: string = (await create()).body.id;
  const redis = new Redis(api.redis.url);
  await redis.config('SET', 'maxmemory', 1);
  const answers = {
    refused: await create(),
    notCanceled: await api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' }),
    ready: await api.ask('/readyz'),
    read: await api.ask(`/v1/posts/${id}`),
  };
  expect(answers).toMatchObject({
    refused: {
      status: 503,
      body: {
        code: 'store_unavailable',
        detail: 'The memory of Redis is full. The post was not accepted.',
      },
    },
    notCanceled: {
      status: 503,
      body: { code: 'store_unavailable', detail: 'The memory of Redis is full. Nothing was changed.' },
    },
    ready: { status: 503, body: { code: 'not_ready', detail: expect.stringContaining('raise maxmemory') } },
    read: { status: 200, body: { id, status: 'scheduled' } },
  });
  await redis.config('SET', 'maxmemory', 0);
  redis.disconnect();
  expect((await api.ask('/readyz')).status).toBe(200);
  expect((await create()).status).toBe(202);
  expect((await api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' })).status).toBe(200);
});

test('while Redis is a replica, nothing is accepted, and streams go on when it is master again', async ({
  expect,
}) => {
  const id: string = (await create()).body.id;
  const reader = await readEvents(api, id);
  expect(await reader.next()).toMatchObject({ event: 'post.scheduled' });
  const redis = new Redis(api.redis.url);
  await redis.replicaof('127.0.0.1', 1); // nobody is there
  const refused = {
    status: 503,
    body: { code: 'store_unavailable', detail: expect.stringContaining('replica') },
  };
  expect(await create()).toMatchObject(refused);
  await eventually(async () => (await api.ask(`/v1/posts/${id}`)).status === 200, {
    describe: 'the connection that takes the place of the one to a replica',
  });
  expect(await api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' })).toMatchObject(refused);
  await eventually(async () => /replica/.test(String((await api.ask('/readyz')).body.detail)), {
    describe: 'that /readyz says so',
  });
  await redis.replicaof('NO', 'ONE');
  redis.disconnect();
  await eventually(async () => (await create()).status === 202, { describe: 'that posts are taken again' });
  await api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' });
  expect((await reader.rest()).map(({ event }) => event)).toEqual(['post.canceled']);
});

test('after Redis came back, a post that may have been created is not called canceled', async ({
  expect,
}) => {
  const idOf = async (more: object): Promise<string> =>
    (await api.ask('/v1/posts', { method: 'POST', body: { ...body, ...more } })).body.id;
  const due = await idOf({ publishAt: new Date().toISOString() });
  const later = await idOf({});
  await api.redis.kill('SIGKILL');
  await api.redis.restart();
  await eventually(async () => (await api.ask('/readyz')).status === 200, { describe: 'readiness' });
  const cancel = (id: string) => api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' });
  const refused = await cancel(due);
  expect(refused).toMatchObject({ status: 409, body: { code: 'too_early' } });
  expect(refused.headers['retry-after']).toBe('5');
  expect((await api.ask(`/v1/posts/${due}`)).body).toMatchObject({ status: 'scheduled', revision: 1 });
  expect(await cancel(later)).toMatchObject({ status: 200, body: { status: 'canceled' } });
});

test('a write whose answer is lost with its connection is accepted, once', async ({ expect }) => {
  const faults = { cutNextAnswer: false };
  const servers: Server[] = [];
  const through = async (redisUrl: string): Promise<string> => {
    const { port } = new URL(redisUrl);
    const server = createServer((client) => {
      const upstream = connect(Number(port), '127.0.0.1');
      client.pipe(upstream);
      client.on('close', () => upstream.destroy()).on('error', () => undefined);
      upstream
        .on('error', () => undefined)
        .on('data', (chunk) => {
          if (faults.cutNextAnswer) client.destroy();
          else client.write(chunk);
          faults.cutNextAnswer = false;
        });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has an address of this shape
    return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const other = await startApi({ through });
  try {
    // The first one loads the script, so that the next answer is that of the write itself.
    await other.ask('/v1/posts', { method: 'POST', body });
    faults.cutNextAnswer = true;
    const answer = await other.ask('/v1/posts', { method: 'POST', body });
    expect(faults.cutNextAnswer).toBe(false);
    expect(answer.status).toBe(202);
    const listed: { id: string }[] = (await other.ask('/v1/posts')).body.posts;
    expect(listed.length).toBe(2);
    expect(listed[0]?.id).toBe(answer.body.id);
  } finally {
    await other.stop();
    for (const server of servers) server.close();
  }
});

describe('settings of Redis that put posts at risk', () => {
  test('are named by /readyz, and in production they make it say no', async ({ expect }) => {
    const careless = new Redis(api.redis.url);
    await careless.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await api.ask('/readyz')).toMatchObject({
      status: 200,
      body: { status: 'ready', warnings: [expect.stringContaining('allkeys-lru')] },
    });
    careless.disconnect();
    const production = await startApi({ deps: { requireSafety: true } });
    try {
      expect((await production.ask('/readyz')).body).toEqual({ status: 'ready', warnings: [] });
      const redis = new Redis(production.redis.url);
      await once(redis, 'ready');
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
      redis.disconnect();
      const answer = await production.ask('/readyz');
      expect(answer).toMatchObject({ status: 503, body: { code: 'not_ready' } });
      expect(answer.body.detail).toContain('allkeys-lru');
    } finally {
      await production.stop();
    }
  });
});
