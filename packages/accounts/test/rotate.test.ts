import { randomBytes } from 'node:crypto';
import { startRedis, type LocalRedis } from '@slipway/local';
import {
  accountIdOf,
  createAccountBlocks,
  createAccountRecords,
  layOut,
  type AccountRecords,
} from '@slipway/store';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import {
  createVault,
  importAccounts,
  parseKeyRing,
  rotateSecrets,
  type KeyRing,
  type Vault,
} from '../src/index.ts';

let server: LocalRedis;
let redis: Redis;
let records: AccountRecords;

beforeAll(async () => {
  server = await startRedis({ appendfsync: 'no' });
  redis = new Redis(server.url);
  records = createAccountRecords({ redis, layout: layOut(2), defaultTier: 'unlimited' });
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const [old, fresh] = ['old', 'fresh'].map((name) => `${name}:${randomBytes(32).toString('base64')}`);
const before = parseKeyRing(`${old}`);
const both = parseKeyRing(`${fresh},${old}`);
const after = parseKeyRing(`${fresh}`);
const vaultOf = (ring: KeyRing): Vault => createVault({ records, ring, now: Date.now });
const secretOf = (user: number) =>
  ({ type: 'oauth2', accessToken: `access-${user}`, refreshToken: `refresh-${user}` }) as const;

async function connect(user: number, ring: KeyRing): Promise<void> {
  const account = { username: `u${user}`, xUserId: String(user), app: null, scopes: null, expiresAt: null };
  await vaultOf(ring).connect({ ...account, secret: secretOf(user) });
}

describe('secrets are sealed anew under the first key', () => {
  test('all of them, with progress, and only once', async ({ expect }) => {
    const users = Array.from({ length: 450 }, (_, user) => user);
    for (const user of users) await connect(user, before);
    await connect(450, both);
    const rev = (await records.get(accountIdOf('7')))?.secretRev;
    const seen: number[] = [];
    const done = await rotateSecrets({ records, ring: both }, (rotation) => seen.push(rotation.seen));
    expect(done).toEqual({ seen: 451, resealed: 450, unopened: [] });
    expect(seen).toEqual([200, 400, 451]);
    for (const user of users) {
      expect(await vaultOf(after).secretOf(accountIdOf(String(user)))).toEqual(secretOf(user));
    }
    // The same secret: who has it open need not look again.
    expect((await records.get(accountIdOf('7')))?.secretRev).toBe(rev);
    expect(await rotateSecrets({ records, ring: both })).toMatchObject({ seen: 451, resealed: 0 });
  });

  test('with what is known of the accounts file, which is not taken in again', async ({ expect }) => {
    const blocks = createAccountBlocks(redis, layOut(2), Date.now);
    const entry = {
      id: 'acct_01j00000000000000000000000',
      username: 'a',
      xUserId: '1',
      secret: secretOf(1),
      scopes: null,
      expiresAt: null,
      settings: null,
    };
    const take = (ring: KeyRing): Promise<number> =>
      importAccounts([entry], { records, blocks, vault: vaultOf(ring), ring, clientId: null, now: Date.now });
    await take(before);
    await rotateSecrets({ records, ring: both });
    expect(await take(after)).toBe(0);
  });

  test('while they are refreshed: what is newer stays', async ({ expect }) => {
    for (let user = 0; user < 100; user++) await connect(user, before);
    const refresh = async (): Promise<void> => {
      for (let user = 99; user >= 0; user--)
        await connect(1_000 + user, both).then(() => connect(user, both));
    };
    const [done] = await Promise.all([rotateSecrets({ records, ring: both }), refresh()]);
    expect(done.unopened).toEqual([]);
    await rotateSecrets({ records, ring: both });
    for (let user = 0; user < 100; user++) {
      expect(await vaultOf(after).secretOf(accountIdOf(String(user)))).toEqual(secretOf(user));
    }
  });

  test('but those that open with no key are named, and left as they are', async ({ expect }) => {
    await connect(1, before);
    await connect(2, parseKeyRing(`gone:${randomBytes(32).toString('base64')}`));
    const sealed = await records.sealed(accountIdOf('2'));
    expect(await rotateSecrets({ records, ring: both })).toEqual({
      seen: 2,
      resealed: 1,
      unopened: [{ id: accountIdOf('2'), reason: expect.stringContaining('under the key "gone"') }],
    });
    expect(await records.sealed(accountIdOf('2'))).toEqual(sealed);
  });
});
