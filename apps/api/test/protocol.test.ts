import { once } from 'node:events';
import { connect } from 'node:net';
import { createAccountRecords, layOut } from '@slipway/store';
import { eventually } from '@slipway/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ACCOUNT, KEY, startApi, type ApiUnderTest } from './start-api.ts';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

describe('a key', () => {
  test.for([
    ['none', null],
    ['one that is wrong', 'sk_test_0123456789abcdefghiX'],
    ['one that is a part', KEY.slice(0, -1)],
  ] as const)('is needed: %s', async ([, key], { expect }) => {
    for (const path of ['/v1/posts', '/v1/accounts', '/v1/posts/x', '/v1/posts/x/events']) {
      const answer = await api.ask(path, { key });
      expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="slipway"/);
    }
  });

  test('does not open the API under another scheme', async ({ expect }) => {
    const answer = await api.ask('/v1/accounts', { key: null, headers: { authorization: `Basic ${KEY}` } });
    expect(answer.status).toBe(401);
  });

  test('is not needed for health and description', async ({ expect }) => {
    for (const path of ['/healthz', '/readyz']) expect((await api.ask(path, { key: null })).status).toBe(200);
  });

  test('is never logged', async ({ expect }) => {
    await api.ask('/v1/accounts', { key: 'sk_wrong_0123456789abcdef' });
    await api.ask('/v1/posts', { method: 'POST', body: '{' });
    expect(api.logs.join('')).toContain('"route":"/v1/posts"');
    expect(api.logs.join('')).not.toMatch(/sk_test_|sk_wrong_/);
  });
});

describe('a body', () => {
  const text = { account: ACCOUNT, text: 'x' };
  const rows: [
    what: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    status: number,
    code: string,
  ][] = [
    ['that is not JSON', '{"account": ', {}, 400, 'invalid_json'],
    ['that is empty', '', {}, 400, 'invalid_request'],
    ['that is a list', '[]', {}, 400, 'invalid_request'],
    ['that is null', 'null', {}, 400, 'invalid_request'],
    ['that poisons a prototype', '{"__proto__": {"account": "x"}}', {}, 400, 'invalid_json'],
    [
      'that is not UTF-8',
      Buffer.from(JSON.stringify({ ...text, text: 'na\u00efve' }), 'latin1'),
      {},
      400,
      'invalid_utf8',
    ],
    ['that ends within a character', Buffer.from('{"text":"ü').subarray(0, -1), {}, 400, 'invalid_utf8'],
    [
      'that is a form',
      'account=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    ['that is text', JSON.stringify(text), { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['of 50 MB', Buffer.alloc(50_000_000, ' '), {}, 413, 'body_too_large'],
    ['one byte over the limit', Buffer.alloc(262_145, ' '), {}, 413, 'body_too_large'],
  ];
  test.for(rows)('%s gets a plain answer', async ([, body, headers, status, code], { expect }) => {
    const answer = await api.ask('/v1/posts', { method: 'POST', body, headers });
    expect(answer).toMatchObject({ status, body: { code, requestId: answer.headers['x-request-id'] } });
    if (status === 413) expect(answer.body.detail).toContain('262144 bytes');
  });

  test('of 50 MB gets its answer to a sender that reads nothing before it has sent everything', async ({
    expect,
  }) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1').pause();
    const head = `POST /v1/posts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n`;
    const bytes = Buffer.alloc(50_000_000, ' ');
    socket.write(`${head}content-length: ${bytes.length}\r\n\r\n`);
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    socket.setEncoding('utf8').resume();
    const [answer] = await once(socket, 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*body_too_large/);
    socket.destroy();
  });

  test('that breaks off does the server no harm and blames nobody else', async ({ expect }) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    const head = `POST /v1/posts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\n`;
    const before = api.logs.length;
    socket.write(`${head}content-length: 100\r\n\r\n{"acc`);
    await once(socket, 'connect');
    await eventually(async () => (await api.ask('/healthz')).status === 200);
    socket.destroy();
    await eventually(() => api.logs.slice(before).some((line) => line.includes('hung up')), {
      describe: 'the end of the request in the log',
    });
    expect(api.logs.slice(before).join('')).not.toMatch(/"level":50/);
  });

  test('just under the limit is read', async ({ expect }) => {
    const body = JSON.stringify(text).padEnd(262_144, ' ');
    expect((await api.ask('/v1/posts', { method: 'POST', body })).status).toBe(202);
  });
});

describe('an address', () => {
  test.for(['/', '/v1', '/v2/posts', '/v1/posts/x/y/z', '/v1/post%', '/v1/posts/%E0%A4%A'])(
    'that does not exist: %s',
    async (path, { expect }) => {
      const answer = await fetch(api.url + path, { headers: { authorization: `Bearer ${KEY}` } });
      expect([400, 404]).toContain(answer.status);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(await answer.json()).toMatchObject({ status: answer.status, hint: expect.stringMatching(/./) });
    },
  );

  test.for([
    ['PUT', '/v1/posts', 'GET, HEAD, POST'],
    ['DELETE', '/v1/posts/x', 'GET, HEAD, PATCH'],
    ['GET', '/v1/posts/x/cancel', 'POST'],
    ['HEAD', '/v1/posts/x/events', 'GET'],
    ['POST', '/healthz', 'GET, HEAD'],
  ] as const)('does not take every method: %s %s', async ([method, path, allow], { expect }) => {
    const answer = await fetch(api.url + path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    await answer.arrayBuffer();
  });
});

describe('bytes that are no request', () => {
  async function send(bytes: string): Promise<string> {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.write(bytes);
    await once(socket, 'close');
    return answer;
  }

  test.for([
    ['nonsense', 'hello\r\n\r\n', 400, 'malformed_request'],
    [
      'a header that is too large',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'header_too_large',
    ],
  ] as const)('get a problem all the same: %s', async ([, bytes, status, code], { expect }) => {
    const [head = '', body = ''] = (await send(bytes)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ status, code });
  });
});

test('a defect is a 500 that tells nothing of its inside, and the log tells all', async ({ expect }) => {
  const broken = await startApi({
    deps: {
      accounts: {
        ...createAccountRecords({
          redis: new Redis({ lazyConnect: true }),
          layout: layOut(1),
          defaultTier: 'unlimited',
        }),
        list: async () => {
          throw new Error('the inside');
        },
      },
    },
  });
  try {
    const answer = await broken.ask('/v1/accounts');
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(answer.body)).not.toContain('the inside');
    const line = broken.logs.find((each) => each.includes('the inside'));
    expect(line).toContain(answer.body.requestId);
  } finally {
    await broken.stop();
  }
});
