import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, type Server, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalRedis, type LocalS3, type Sim, startRedis, startS3, startSim } from '@slipway/local';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const TOKEN = 'a-planted-token';

let redis: LocalRedis;
let s3: LocalS3;
let sim: Sim;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'slipway-doctor-'));
  [redis, s3, sim] = await Promise.all([startRedis(), startS3({ buckets: ['media'] }), startSim()]);
});
afterAll(async () => {
  await Promise.all([redis.stop(), s3.stop(), sim.close()]);
  rmSync(dir, { recursive: true });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** All that is needed, and right. */
function environment(changes: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    REDIS_URL: redis.url,
    SLIPWAY_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
    SLIPWAY_ACCOUNTS_FILE: accountsFile([
      {
        id: 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz',
        username: 'demo',
        xUserId: '1',
        credentials: { type: 'oauth2', accessToken: TOKEN },
      },
    ]),
    SLIPWAY_S3_ENDPOINT: s3.endpoint,
    SLIPWAY_S3_FORCE_PATH_STYLE: 'true',
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    SLIPWAY_X_BASE_URL: sim.url,
    ...changes,
  };
}

function accountsFile(accounts: object[]): string {
  const path = join(dir, 'accounts.json');
  writeFileSync(path, JSON.stringify({ accounts }));
  return path;
}

async function slipway(
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ status: number; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const [status] = await once(child, 'close');
  return { status, out, err };
}
const doctor = (changes: Record<string, string> = {}, ...args: string[]) =>
  slipway(['doctor', ...args], environment(changes));

/** A server of its own, which is closed after the test. */
async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has an address of this shape
  return (server.address() as AddressInfo).port;
}

describe('where all is well', () => {
  test('the doctor says so, check by check, and ends with 0', async ({ expect }) => {
    const { status, out, err } = await doctor({}, '--bucket', 'media');
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.split('\n')).toEqual([
      expect.stringMatching(/^✓ settings/),
      expect.stringMatching(/^✓ accounts .* has @demo\.$/),
      expect.stringMatching(/^✓ redis {5}(Redis|Valkey) \d+\.\d+\.\d+ answers\.$/),
      '✓ clock     This machine agrees with Redis.',
      '✓ s3        It lets media be read.',
      expect.stringMatching(/^✓ x .* answers \(\d+\)\.$/),
      '✓ clock     This machine agrees with X.',
      '',
      'All is well.',
      '',
    ]);
    expect(out).not.toContain(TOKEN);
  });

  test('and as JSON', async ({ expect }) => {
    const { status, out } = await doctor({}, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      findings: expect.arrayContaining([
        { level: 'ok', check: 's3', message: expect.stringContaining('--bucket') },
      ]),
    });
  });
});

describe('what is wrong is said with its remedy, all at once', () => {
  test('with settings', async ({ expect }) => {
    const { status, out } = await slipway(['doctor'], {
      PATH: process.env['PATH'],
      SLIPWAY_PARTITIONS: '0',
      SLIPWAY_X_BASE_URL: 'x',
    });
    expect(status).toBe(1);
    for (const name of ['REDIS_URL', 'SLIPWAY_SECRET_KEYS', 'SLIPWAY_PARTITIONS', 'SLIPWAY_X_BASE_URL'])
      expect(out).toMatch(new RegExp(`^✗ settings  ${name}: `, 'm'));
  });

  test('with everything that is reached', async ({ expect }) => {
    const refused = 'http://127.0.0.1:1';
    const { status, out } = await doctor({
      REDIS_URL: 'redis://:hunter2@127.0.0.1:1',
      SLIPWAY_S3_ENDPOINT: refused,
      SLIPWAY_X_BASE_URL: refused,
      SLIPWAY_ACCOUNTS_FILE: join(dir, 'nowhere.json'),
    });
    expect(status).toBe(1);
    expect(out).toMatch(/^✗ redis .*ECONNREFUSED.*correct REDIS_URL\.$/m);
    expect(out).toMatch(/^✗ s3 .*ECONNREFUSED.*Correct SLIPWAY_S3_ENDPOINT/m);
    expect(out).toMatch(/^✗ x .*ECONNREFUSED.*correct SLIPWAY_X_BASE_URL\.$/m);
    expect(out).toMatch(/^✗ accounts .*nowhere\.json/m);
    expect(out).toMatch(/^4 to mend, 0 to know of\./m);
    expect(out).not.toContain('hunter2');
  });

  test('with accounts, without their tokens', async ({ expect }) => {
    const bad = {
      id: 'x',
      username: 'd',
      xUserId: '1',
      credentials: { type: 'oauth2', accessToken: 'a b c' },
    };
    const env = environment();
    accountsFile([bad]);
    const { status, out } = await slipway(['doctor'], env);
    expect(status).toBe(1);
    expect(out).toMatch(/^✗ accounts [^]*accounts\[0\]\.id/m);
    expect(out).not.toContain('a b c');
  });

  test('with what Redis may lose; a warning alone is no failure', async ({ expect }) => {
    const careless = await startRedis({ appendfsync: 'everysec' });
    cleanups.push(() => careless.stop());
    const warned = await doctor({ REDIS_URL: careless.url });
    expect(warned.status).toBe(0);
    expect(warned.out).toMatch(/^! redis .*everysec/m);
    const evicting = await startRedis({ config: { 'maxmemory-policy': 'allkeys-lru' } });
    cleanups.push(() => evicting.stop());
    const failed = await doctor({ REDIS_URL: evicting.url, SLIPWAY_REDIS_REPLICAS: '1' });
    expect(failed.status).toBe(1);
    expect(failed.out).toMatch(/^✗ redis .*allkeys-lru/m);
    expect(failed.out).toMatch(/^✗ redis .*SLIPWAY_REDIS_REPLICAS is 1, but 0 replicas/m);
  });

  test('with a bucket that is not there', async ({ expect }) => {
    const { status, out } = await doctor({}, '--bucket', 'nowhere');
    expect(status).toBe(1);
    expect(out).toMatch(/^✗ s3 .*There is no bucket nowhere\. Make it/m);
  });

  test('with credentials of S3 that it does not know, or that may not list', async ({ expect }) => {
    const answer = async (code: string) => {
      const stub = createServer((_request, response) => {
        response.writeHead(403, { 'content-type': 'application/xml' });
        response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`);
      });
      const port = await listen(stub);
      return doctor({ SLIPWAY_S3_ENDPOINT: `http://127.0.0.1:${port}` }, '--bucket', 'media');
    };
    const unknown = await answer('InvalidAccessKeyId');
    expect(unknown).toMatchObject({
      status: 1,
      out: expect.stringMatching(/^✗ s3 .*Correct the credentials/m),
    });
    const unlisted = await answer('AccessDenied');
    expect(unlisted).toMatchObject({ status: 0, out: expect.stringMatching(/^! s3 .*s3:GetObject\.$/m) });
  });

  test('with clocks', async ({ expect }) => {
    const past = () => new Date(Date.now() - 60_000).toUTCString();
    const stub = createServer((_request, response) => response.writeHead(401, { date: past() }).end());
    const { status, out } = await doctor({ SLIPWAY_X_BASE_URL: `http://127.0.0.1:${await listen(stub)}` });
    expect(status).toBe(0);
    expect(out).toMatch(/^! clock {5}This machine is (59|60)\.\d s ahead of X: .* too early\. .*NTP\.$/m);
  });

  test('with what never answers, within seconds', async ({ expect }) => {
    const silent = await listen(createTcpServer((socket) => cleanups.push(() => socket.destroy())));
    const startedAt = performance.now();
    const { status, out } = await doctor({
      REDIS_URL: `redis://127.0.0.1:${silent}`,
      SLIPWAY_S3_ENDPOINT: `http://127.0.0.1:${silent}`,
      SLIPWAY_X_BASE_URL: `http://127.0.0.1:${silent}`,
    });
    expect(performance.now() - startedAt).toBeLessThan(12_000);
    expect(status).toBe(1);
    for (const check of ['redis', 's3', 'x']) expect(out).toMatch(new RegExp(`^✗ ${check} `, 'm'));
  });
});

test('a command that is none is told which there are', async ({ expect }) => {
  for (const args of [[], ['heal'], ['doctor', '--brave']]) {
    const { status, err } = await slipway(args, environment());
    expect(status).toBe(2);
    expect(err).toContain('Usage: slipway doctor');
  }
  expect(await slipway(['--help'], environment())).toMatchObject({ status: 0 });
});
