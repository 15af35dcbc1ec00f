import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createVault, parseKeyRing } from '@slipway/accounts';
import { startRedis, type LocalRedis } from '@slipway/local';
import { accountIdOf, connectRedis, createAccountRecords, layOut } from '@slipway/store';
import { afterAll, beforeAll, describe, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const newKey = (name: string): string => `${name}:${randomBytes(32).toString('base64')}`;
const [old, fresh] = [newKey('old'), newKey('fresh')];

let redis: LocalRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

function rotate(environment: Record<string, string>): Promise<{ status: number; out: string }> {
  const env = { PATH: process.env['PATH'], ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'keys', 'rotate-secrets'], { env }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), out: stdout + stderr }),
    );
  });
}

describe('slipway keys rotate-secrets', () => {
  test('makes the old key needless, and says how far it has come', async ({ expect }) => {
    const connection = connectRedis(redis.url, { role: 'worker', name: 'test' });
    const records = createAccountRecords({
      redis: connection,
      layout: layOut(1),
      defaultTier: 'unlimited',
    });
    const secret = { type: 'oauth2', accessToken: 'a token', refreshToken: null } as const;
    const before = createVault({ records, ring: parseKeyRing(old), now: Date.now });
    await before.connect({ username: 'u', xUserId: '1', app: null, scopes: null, expiresAt: null, secret });

    const environment = { REDIS_URL: redis.url, SLIPWAY_SECRET_KEYS: `${fresh},${old}` };
    expect(await rotate(environment)).toEqual({
      status: 0,
      out: '1 accounts looked at, 1 encrypted anew under the key "fresh".\n',
    });
    const after = createVault({ records, ring: parseKeyRing(fresh), now: Date.now });
    expect(await after.secretOf(accountIdOf('1'))).toEqual(secret);

    const unopened = await rotate({ ...environment, SLIPWAY_SECRET_KEYS: newKey('other') });
    expect(unopened.status).toBe(1);
    expect(unopened.out).toContain(
      `${accountIdOf('1')} cannot be decrypted: It is sealed under the key "fresh"`,
    );
    connection.disconnect();
  });

  test('says what is missing, without the keys', async ({ expect }) => {
    const { status, out } = await rotate({ REDIS_URL: 'redis://127.0.0.1:1', SLIPWAY_SECRET_KEYS: 'x' });
    expect(status).toBe(1);
    expect(out).toContain('openssl rand -base64 32');
    const away = await rotate({ REDIS_URL: 'redis://127.0.0.1:1', SLIPWAY_SECRET_KEYS: fresh });
    expect(away).toMatchObject({ status: 1, out: expect.stringMatching(/^Redis: .*ECONNREFUSED/) });
    expect(away.out).not.toContain(fresh.slice(6, -4));
  });
});
