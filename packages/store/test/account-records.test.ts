import { type AccountSettings, DEFAULT_ACCOUNT_SETTINGS } from '@slipway/pipeline/core';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import {
  type AccountRecords,
  type PutAccount,
  accountIdOf,
  createAccountRecords,
  layOut,
} from '../src/index.ts';
import { type Rig, startRig } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterEach(() => rig.reset());
afterAll(() => rig.stop());

const PARTITIONS = 3;
const records = (): AccountRecords =>
  createAccountRecords({ redis: rig.redis, layout: layOut(PARTITIONS), defaultTier: 'pay_per_use' });

function account(xUserId: string, username: string, more: Partial<PutAccount> = {}): PutAccount {
  return {
    profile: { id: accountIdOf(xUserId), username, xUserId, connectedAt: 1 },
    grant: { via: 'oauth2', app: 'default', scopes: null, expiresAt: null, refreshable: false },
    secret: `sealed-${username}`,
    ...more,
  };
}

const ringOf = (id: string): Promise<string | null> => {
  const { account: prefix } = layOut(PARTITIONS).forAccount(id);
  return rig.redis.hget(prefix + id, 'ring');
};

describe('an account', () => {
  test('has an id that follows from its X user', ({ expect }) => {
    expect(accountIdOf('2244994945')).toBe(accountIdOf('2244994945'));
    expect(accountIdOf('2244994945')).toMatch(/^acct_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(accountIdOf('1')).not.toBe(accountIdOf('2'));
  });

  test('is found by id, by name in any case, and by X user, in every partition', async ({ expect }) => {
    const ids = Array.from({ length: 12 }, (_, index) => String(100 + index));
    for (const id of ids) await records().put(account(id, `User_${id}`));
    const partitions = new Set(ids.map((id) => layOut(PARTITIONS).forAccount(accountIdOf(id)).partition));
    expect(partitions.size).toBe(PARTITIONS);
    for (const id of ids) {
      const found = await records().get(accountIdOf(id));
      expect(found?.profile).toEqual(account(id, `User_${id}`).profile);
      expect(await records().findByUsername(`uSER_${id}`)).toEqual(found);
      expect(await records().idOfXUser(id)).toBe(accountIdOf(id));
    }
    expect(await records().findByUsername('nobody')).toBeNull();
    // A name of digits is not an X user id.
    expect(await records().findByUsername('100')).toBeNull();
  });

  test('is in the list once, page by page', async ({ expect }) => {
    const ids = Array.from({ length: 11 }, (_, index) => String(index));
    for (const id of ids) await records().put(account(id, `u${id}`));
    await records().put(account('3', 'u3'));
    const seen: string[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await records().list({ limit: 4, cursor });
      expect(page.accounts.length).toBeLessThanOrEqual(4);
      seen.push(...page.accounts.map(({ profile }) => profile.id));
      if (page.nextCursor === null) break;
      ({ nextCursor: cursor } = page);
    }
    expect(seen).toEqual(ids.map(accountIdOf).toSorted());
  });

  test('that is connected again keeps its settings, and has a higher revision', async ({ expect }) => {
    const first = await records().put(account('7', 'before'));
    const id = accountIdOf('7');
    await records().updateSettings(id, (settings) => ({ ...settings, weight: 5 }));
    const again = await records().put(account('7', 'After', { secret: 'other' }));
    expect(again).toMatchObject({ profile: { username: 'After' }, settings: { weight: 5 } });
    expect(again?.secretRev).toBeGreaterThan(first?.secretRev ?? Infinity);
    expect(await records().findByUsername('before')).toBeNull();
    expect((await records().findByUsername('after'))?.profile.id).toBe(id);
    expect(await records().sealed(id)).toEqual({ secret: 'other', imported: null });
  });

  test('is put only under the revision that is expected', async ({ expect }) => {
    const first = await records().put(account('8', 'a', { ifRev: 0 }));
    expect(await records().put(account('8', 'b', { ifRev: 0 }))).toBeNull();
    expect(await records().put(account('8', 'b', { ifRev: (first?.secretRev ?? 0) - 1 }))).toBeNull();
    expect(await records().put(account('8', 'b', { ifRev: first?.secretRev ?? 0 }))).not.toBeNull();
  });

  test('that is removed is gone from everywhere, and comes back with a higher revision', async ({
    expect,
  }) => {
    const first = await records().put(account('9', 'gone'));
    const id = accountIdOf('9');
    expect(await records().remove(id)).toBe(true);
    expect(await records().remove(id)).toBe(false);
    expect(await rig.redis.keys('*')).toEqual([]);
    const again = await records().put(account('9', 'gone'));
    expect(again?.secretRev).toBeGreaterThan(first?.secretRev ?? Infinity);
  });

  test('that has an id of its own gets it again after it was removed', async ({ expect }) => {
    const id = 'acct_01k9zq3v6h2m8d4t7w5x0c1b9n';
    await records().put(account('12', 'filed', { profile: { ...account('12', 'filed').profile, id } }));
    expect(await records().idOfXUser('12')).toBe(id);
    await records().remove(id);
    expect(await records().findByUsername('filed')).toBeNull();
    expect(await records().idOfXUser('12')).toBe(id);
    expect(await records().idOfXUser('13')).toBe(accountIdOf('13'));
  });

  test('whose name somebody else took over keeps out of the way', async ({ expect }) => {
    await records().put(account('10', 'old'));
    await records().put(account('11', 'old'));
    await records().put(account('10', 'new'));
    expect((await records().findByUsername('old'))?.profile.xUserId).toBe('11');
    await records().put(account('11', 'other'));
    await records().remove(accountIdOf('10'));
    expect((await records().findByUsername('other'))?.profile.xUserId).toBe('11');
  });
});

describe('settings', () => {
  test('come with the pace of the tier, for the admission', async ({ expect }) => {
    const id = accountIdOf('20');
    await records().put(account('20', 'paced'));
    expect((await records().get(id))?.settings).toEqual(DEFAULT_ACCOUNT_SETTINGS);
    expect(await ringOf(id)).toBe('1 9000 100');
    await records().updateSettings(id, (settings) => ({ ...settings, weight: 3, tier: 'unlimited' }));
    expect(await ringOf(id)).toBe('3 0 0');
    await records().updateSettings(id, (settings) => ({ ...settings, tier: 'free' }));
    expect(await ringOf(id)).toBe('3 5082353 17');
  });

  test('of many at once are all kept', async ({ expect }) => {
    const id = accountIdOf('21');
    await records().put(account('21', 'busy'));
    const more = (settings: AccountSettings): AccountSettings => ({
      ...settings,
      weight: settings.weight + 1,
    });
    await Promise.all(Array.from({ length: 8 }, () => records().updateSettings(id, more)));
    expect((await records().get(id))?.settings.weight).toBe(9);
    expect(await records().updateSettings(accountIdOf('22'), more)).toBeNull();
  });
});

test('a secret is sealed anew only as it was read', async ({ expect }) => {
  const id = accountIdOf('30');
  const put = await records().put(account('30', 'a', { imported: 'digest' }));
  const before = { secret: 'sealed-a', imported: 'digest' };
  const after = { secret: 'again', imported: 'too' };
  expect(await records().reseal(id, { ...before, secret: 'else' }, after)).toBe(false);
  expect(await records().reseal(id, before, after)).toBe(true);
  expect(await records().sealed(id)).toEqual(after);
  expect((await records().get(id))?.secretRev).toBe(put?.secretRev);
});
