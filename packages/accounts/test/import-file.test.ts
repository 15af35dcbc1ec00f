import { randomBytes } from 'node:crypto';
import { startRedis, type LocalRedis } from '@slipway/local';
import {
  createAccountBlocks,
  createAccountRecords,
  layOut,
  type AccountBlocks,
  type AccountRecords,
} from '@slipway/store';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { createVault, importAccounts, parseKeyRing, type FileAccount, type Vault } from '../src/index.ts';

let server: LocalRedis;
let redis: Redis;
let records: AccountRecords;
let vault: Vault;
let blocks: AccountBlocks;
const ring = parseKeyRing(`k:${randomBytes(32).toString('base64')}`);

beforeAll(async () => {
  server = await startRedis({ appendfsync: 'no' });
  redis = new Redis(server.url);
  records = createAccountRecords({ redis, layout: layOut(1), defaultTier: 'unlimited' });
  blocks = createAccountBlocks(redis, layOut(1), Date.now);
  vault = createVault({ records, ring, now: () => 5 });
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const entry: FileAccount = {
  id: 'acct_01j00000000000000000000000',
  username: 'slipway',
  xUserId: '77',
  secret: { type: 'oauth2', accessToken: 'access-1', refreshToken: 'refresh-1' },
  scopes: null,
  expiresAt: null,
  settings: null,
};
const take = (...accounts: FileAccount[]): Promise<number> =>
  importAccounts(accounts, { records, vault, blocks, ring, clientId: 'client', now: () => 5 });

describe('accounts of a file', () => {
  test('are taken in under their own ids, and only once', async ({ expect }) => {
    expect(await take(entry)).toBe(1);
    expect(await records.get(entry.id)).toMatchObject({
      profile: { id: entry.id, username: 'slipway', xUserId: '77', connectedAt: 5 },
      grant: { via: 'oauth2', app: 'client', refreshable: true },
    });
    expect(await vault.secretOf(entry.id)).toEqual(entry.secret);
    const { secretRev } = (await records.get(entry.id)) ?? {};
    expect(await take(entry)).toBe(0);
    expect((await records.get(entry.id))?.secretRev).toBe(secretRev);
  });

  test('by many processes at once are put once', async ({ expect }) => {
    const puts = await Promise.all(Array.from({ length: 10 }, () => take(entry)));
    expect(puts.reduce((sum, put) => sum + put)).toBe(1);
  });

  test('do not overwrite a pair that was refreshed since, unless the file has another one', async ({
    expect,
  }) => {
    await take(entry);
    const record = await records.get(entry.id);
    if (!record) throw new Error('nothing was put');
    const fresh = { type: 'oauth2', accessToken: 'access-2', refreshToken: 'refresh-2' } as const;
    await records.put({ ...record, secret: vault.seal(entry.id, fresh), ifRev: record.secretRev });
    expect(await take(entry)).toBe(0);
    expect(await vault.secretOf(entry.id)).toEqual(fresh);

    const other = { ...entry, secret: { ...fresh, refreshToken: 'refresh-3' } };
    expect(await take(other)).toBe(1);
    expect(await vault.secretOf(entry.id)).toEqual(other.secret);
  });

  test('keep the settings that were chosen since, unless the file says something of them', async ({
    expect,
  }) => {
    await take(entry);
    await records.updateSettings(entry.id, (settings) => ({ ...settings, weight: 4 }));
    const settings = (await records.get(entry.id))?.settings;
    await take({ ...entry, secret: { type: 'oauth2', accessToken: 'b', refreshToken: null } });
    expect((await records.get(entry.id))?.settings).toEqual(settings);
  });

  test('are the ones that are connected again later by their X user', async ({ expect }) => {
    await take(entry);
    const again = await vault.connect({
      username: 'renamed',
      xUserId: '77',
      app: 'client',
      scopes: ['tweet.write'],
      expiresAt: 9,
      secret: { type: 'oauth2', accessToken: 'a', refreshToken: null },
    });
    expect(again.profile.id).toBe(entry.id);
    expect((await records.list({ limit: 10, cursor: null })).accounts).toHaveLength(1);
  });
});
