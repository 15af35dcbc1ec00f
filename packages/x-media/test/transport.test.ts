import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { Agent } from 'undici';
import { describe, test } from 'vitest';
import type { XAccountClient } from '../src/index.ts';
import { createXClient } from '../src/index.ts';
import { catchXError } from './catch-error.ts';
import { OAUTH2, startX } from './x-server.ts';
import type { Reply } from './x-server.ts';

const me = (x: XAccountClient, options?: Parameters<XAccountClient['users']['me']>[1]) =>
  x.users.me({}, options);
const create = (x: XAccountClient, options?: Parameters<XAccountClient['posts']['create']>[1]) =>
  x.posts.create({ text: 'hello' }, options);
const user = { json: { data: { id: '1' } } };
const silent: Reply = () => undefined;
const reset: Reply = (request) => request.socket.resetAndDestroy();

/** A TCP server that accepts and never says a word, so that TLS never gets done. */
async function startMute(): Promise<AsyncDisposable & { port: number; accepted: Promise<unknown> }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined).resume()));
  const accepted = once(server, 'connection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return {
    port: address.port,
    accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('a call that surely never reached X is told from one that may have', () => {
  const unreachable = [
    { name: 'connection refused', baseUrl: 'http://127.0.0.1:1' },
    { name: 'a name that does not resolve', baseUrl: 'http://x.invalid' },
  ];

  test.for(unreachable)('$name', async ({ baseUrl }, { expect }) => {
    const client = createXClient({ baseUrl });
    const error = await catchXError(create(client.as(OAUTH2)));
    expect(error.details).toMatchObject({
      code: 'not_sent',
      reach: 'not_sent',
      retry: { advice: 'backoff' },
    });
    expect(error.cause).toBeInstanceOf(Error);
    expect(error.message).not.toBe('POST /2/tweets: not_sent: ');
    await client.close();
  });

  test('a failed TLS handshake', async ({ expect }) => {
    await using server = await startX([user]);
    const client = createXClient({ baseUrl: server.url.replace('http:', 'https:') });
    const error = await catchXError(create(client.as(OAUTH2)));
    expect(error.details).toMatchObject({ code: 'not_sent', reach: 'not_sent' });
    await client.close();
  });

  test('time that runs out, or a call given up, while connecting', async ({ expect }) => {
    await using mute = await startMute();
    const client = createXClient({ baseUrl: `https://127.0.0.1:${mute.port}` });
    const timedOut = await catchXError(create(client.as(OAUTH2), { timeoutMs: 20 }));
    expect(timedOut.details).toMatchObject({
      code: 'timeout',
      reach: 'not_sent',
      retry: { advice: 'backoff' },
    });
    const abort = new AbortController();
    const call = catchXError(create(client.as(OAUTH2), { signal: abort.signal }));
    await mute.accepted;
    abort.abort();
    expect((await call).details).toMatchObject({
      code: 'aborted',
      reach: 'not_sent',
      retry: { advice: 'backoff' },
    });
  });

  test('a connection that takes too long', async ({ expect }) => {
    await using mute = await startMute();
    const client = createXClient({ baseUrl: `https://127.0.0.1:${mute.port}`, timeouts: { connectMs: 20 } });
    const error = await catchXError(create(client.as(OAUTH2)));
    expect(error.details).toMatchObject({ code: 'not_sent', reach: 'not_sent' });
  });

  test('a reset after the request', async ({ expect }) => {
    await using server = await startX([reset]);
    expect((await catchXError(create(server.x))).details).toMatchObject({
      code: 'connection',
      reach: 'unknown',
      retry: { advice: 'reconcile' },
    });
    expect((await catchXError(me(server.x))).details).toMatchObject({
      code: 'connection',
      reach: 'unknown',
      retry: { advice: 'backoff' },
    });
  });

  test('no answer in time', async ({ expect }) => {
    await using server = await startX([silent]);
    const error = await catchXError(create(server.x, { timeoutMs: 50 }));
    expect(error.details).toMatchObject({
      code: 'timeout',
      reach: 'unknown',
      retry: { advice: 'reconcile' },
    });
    expect(error.message).toContain('50 ms');
  });

  test('an answer whose body does not come in time', async ({ expect }) => {
    await using server = await startX([(_request, response) => response.writeHead(201).write('{"data":')]);
    const error = await catchXError(create(server.x, { timeoutMs: 50 }));
    expect(error.details).toMatchObject({
      code: 'timeout',
      reach: 'unknown',
      retry: { advice: 'reconcile' },
    });
  });

  test('an answer cut off: a success has lost its id, a refusal is still one', async ({ expect }) => {
    const cutOff =
      (status: number): Reply =>
      (_request, response) => {
        response.writeHead(status, { 'content-length': '100', 'x-transaction-id': 't' });
        response.write('{"data":', () => response.destroy());
      };
    await using server = await startX([cutOff(201), cutOff(403)]);
    expect((await catchXError(create(server.x))).details).toMatchObject({
      code: 'connection',
      reach: 'unknown',
      retry: { advice: 'reconcile' },
    });
    expect((await catchXError(create(server.x))).details).toMatchObject({
      code: 'forbidden',
      reach: 'answered',
      retry: { advice: 'never' },
    });
  });
});

describe('giving up', () => {
  test('has the reason of the abort as cause', async ({ expect }) => {
    const abort = new AbortController();
    const reason = new Error('shutting down');
    await using server = await startX([() => abort.abort(reason)]);
    const error = await catchXError(create(server.x, { signal: abort.signal }));
    expect(error.details).toMatchObject({
      code: 'aborted',
      reach: 'unknown',
      retry: { advice: 'reconcile' },
    });
    expect(error.cause).toBe(reason);
  });

  test('before the call sends nothing', async ({ expect }) => {
    await using server = await startX([user]);
    const error = await catchXError(create(server.x, { signal: AbortSignal.abort() }));
    expect(error.details).toMatchObject({ code: 'aborted', reach: 'not_sent' });
    expect(server.connections).toBe(0);
  });

  test('after the answer changes nothing', async ({ expect }) => {
    const abort = new AbortController();
    await using server = await startX([user]);
    const { data } = await me(server.x, { signal: abort.signal });
    abort.abort();
    expect(data.id).toBe('1');
    expect((await me(server.x)).data.id).toBe('1');
  });
});

describe('nothing is sent twice', () => {
  const calls: Array<[string, (x: XAccountClient) => Promise<unknown>]> = [
    ['GET', (x) => me(x)],
    ['POST', (x) => x.media.finalize({ mediaId: '1' })],
    ['DELETE', (x) => x.posts.delete({ postId: '1' })],
    [
      'POST with a stream',
      (x) => x.media.append({ mediaId: '1', segmentIndex: 0, media: Buffer.from('abc') }),
    ],
  ];

  test.for(calls)('%s on a kept-alive connection that dies under it', async ([, call], { expect }) => {
    const dispatcher = new Agent({ connections: 1, allowH2: false });
    await using server = await startX([user, reset, user], { dispatcher });
    await me(server.x);
    const error = await catchXError(call(server.x));
    expect(error.details).toMatchObject({ code: 'connection', reach: 'unknown' });
    expect(server.connections).toBe(1);
    expect(server.started).toBe(2);
    await dispatcher.close();
  });

  test('also when the caller brings a dispatcher that pipelines', async ({ expect }) => {
    const dispatcher = new Agent({ pipelining: 10, connections: 1, allowH2: false });
    await using server = await startX([user, reset, user], { dispatcher });
    await me(server.x);
    const results = await Promise.allSettled([me(server.x), me(server.x), me(server.x)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(server.started).toBe(4);
    await dispatcher.close();
  });

  test('and a post is created on a connection of its own', async ({ expect }) => {
    const created = { status: 201, json: { data: { id: '1', text: '' } } };
    await using server = await startX([user, created, created, user]);
    await me(server.x);
    await create(server.x);
    await create(server.x);
    await me(server.x);
    expect(server.seen.map(({ connection }) => connection)).toEqual([1, 2, 3, 1]);
    expect(server.seen.map(({ headers }) => headers.connection)).toEqual([
      'keep-alive',
      'close',
      'close',
      'keep-alive',
    ]);
  });
});

describe('connections', () => {
  test("a caller's dispatcher is used, and left open", async ({ expect }) => {
    const dispatcher = new Agent({ allowH2: false });
    await using server = await startX([user], { dispatcher });
    await me(server.x);
    await create(server.x);
    await server.client.close();
    expect(dispatcher.closed).toBe(false);
    expect(Object.keys(dispatcher.stats)).toEqual([server.url]);
    await dispatcher.close();
  });

  test('close waits for calls in flight; later calls are not sent', async ({ expect }) => {
    const arrived = Promise.withResolvers<() => void>();
    await using server = await startX([
      (_request, response) => arrived.resolve(() => response.end('{"data":{"id":"1"}}')),
    ]);
    const call = me(server.x);
    const answer = await arrived.promise;
    const closing = server.client.close();
    answer();
    expect((await call).data.id).toBe('1');
    await closing;
    expect((await catchXError(me(server.x))).details).toMatchObject({ code: 'not_sent', reach: 'not_sent' });
  });

  test('a base URL may have a path, and headers say who is calling', async ({ expect }) => {
    await using server = await startX([user]);
    const client = createXClient({ baseUrl: `${server.url}/proxy/x/`, userAgent: 'test/1' });
    await client.as({ type: 'app', bearerToken: 'b' }).users.me();
    expect(server.last().path).toBe('/proxy/x/2/users/me');
    expect(server.last().headers).toMatchObject({ 'user-agent': 'test/1', authorization: 'Bearer b' });
    await client.close();
  });
});

test('an endless answer is not read to its end', async ({ expect }) => {
  const cut = Promise.withResolvers<void>();
  await using server = await startX([
    (_request, response) => {
      const pump = () => {
        while (response.writable && response.write(Buffer.alloc(65_536, 'a')));
      };
      response
        .writeHead(500)
        .on('drain', pump)
        .on('close', () => cut.resolve());
      pump();
    },
  ]);
  const error = await catchXError(me(server.x));
  expect(error.code).toBe('server_error');
  expect(error.details.bodySnippet).toBe('a'.repeat(500));
  await cut.promise;
});
