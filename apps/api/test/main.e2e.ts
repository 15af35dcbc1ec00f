import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startRedis, startS3, spawnProcess, type LocalRedis, type LocalS3 } from '@slipway/local';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { request } from 'undici';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const KEY = 'sk_0123456789abcdef0123';
const EX_CONFIG = 78;

let redis: LocalRedis;
let s3: LocalS3;

beforeAll(async () => {
  [redis, s3] = await Promise.all([startRedis(), startS3()]);
});
afterAll(async () => {
  await Promise.all([redis.stop(), s3.stop()]);
});

function environment(changes: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    REDIS_URL: redis.url,
    SLIPWAY_API_PORT: '0',
    SLIPWAY_API_KEYS: KEY,
    SLIPWAY_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
    SLIPWAY_ACCOUNTS_FILE: fileURLToPath(new URL('accounts.json', import.meta.url)),
    SLIPWAY_S3_ENDPOINT: s3.endpoint,
    SLIPWAY_S3_FORCE_PATH_STYLE: 'true',
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    ...changes,
  };
}

/** Runs the API where it is expected to end by itself. */
async function runToEnd(
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const [code] = await once(child, 'close');
  return { code, ...output };
}

async function startMain(changes: Record<string, string> = {}) {
  const child = await spawnProcess({
    name: 'api',
    command: process.execPath,
    args: [MAIN],
    env: environment(changes),
    readyWhen: (line) => line.includes('"msg":"listening"'),
  });
  const { url }: { url: string } = JSON.parse(child.readyLine);
  return { child, url };
}

const authorization = `Bearer ${KEY}`;

describe('the process', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    'says where it listens, and on %s ends streams and goes',
    async (signal, { expect }) => {
      const { child, url } = await startMain();
      const made = await request(`${url}/v1/posts`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ account: '@acme', text: 'x', publishAt: '2099-01-01T00:00:00Z' }),
      });
      expect(made.statusCode).toBe(202);
      await made.body.dump();
      const stream = await request(url + String(made.headers['location']) + '/events', {
        headers: { authorization },
      });
      expect(stream.statusCode).toBe(200);

      // A stream that ends well, and not by a reset.
      let isTold = false;
      for await (const chunk of stream.body) {
        // Once: a second signal would end it at once.
        if (!isTold && String(chunk).includes('event: post.scheduled')) isTold = child.kill(signal);
      }
      expect(isTold).toBe(true);
      expect(await child.exited).toMatchObject({ code: 0 });
      expect(child.lines.join('\n')).toContain('"msg":"stopped"');
      expect(child.lines.join('\n')).not.toContain(KEY);
    },
  );

  test('tells everything that is wrong with its environment, and how to mend it', async ({ expect }) => {
    const ended = await runToEnd({ PATH: process.env['PATH'], SLIPWAY_API_PORT: 'http' });
    expect(ended.code).toBe(EX_CONFIG);
    expect(ended.stderr).toMatch(/SLIPWAY_SECRET_KEYS: is not set[^]*SLIPWAY_API_KEYS: is not set/);
    expect(ended.stderr).toMatch(/SLIPWAY_API_PORT/);
    expect(ended.stderr).not.toMatch(/ at .*\.ts/);
  });

  test('tells what is wrong with its accounts', async ({ expect }) => {
    const ended = await runToEnd(environment({ SLIPWAY_ACCOUNTS_FILE: '/nowhere/accounts.json' }));
    expect(ended).toMatchObject({
      code: EX_CONFIG,
      stderr: expect.stringMatching(/SLIPWAY_ACCOUNTS_FILE.*nowhere/),
    });
  });

  test('does not start in production on a Redis that may throw posts away', async ({ expect }) => {
    const careless = await startRedis({ config: { 'maxmemory-policy': 'allkeys-lru' } });
    try {
      const ended = await runToEnd(environment({ REDIS_URL: careless.url, SLIPWAY_ENV: 'production' }));
      expect(ended).toMatchObject({ code: EX_CONFIG, stdout: expect.stringContaining('allkeys-lru') });
      const { child } = await startMain({ REDIS_URL: careless.url });
      expect(child.lines.join('\n')).toContain('allkeys-lru');
      await child.stop();
    } finally {
      await careless.stop();
    }
  });

  test('starts without Redis, and is ready when Redis is', async ({ expect }) => {
    const late = await startRedis();
    await late.kill('SIGKILL');
    const { child, url } = await startMain({ REDIS_URL: late.url });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    await late.restart();
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 20_000 }).toBe(200);
    await child.stop();
    await late.stop();
  });

  test('says so when its port is taken', async ({ expect }) => {
    const { child, url } = await startMain();
    const ended = await runToEnd(environment({ SLIPWAY_API_PORT: new URL(url).port }));
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('is the port taken?') });
    await child.stop();
  });
});
