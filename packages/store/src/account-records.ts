import { randomBytes } from 'node:crypto';
import { type AccountSettings, DEFAULT_ACCOUNT_SETTINGS, type Tier, paceOf } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { accountIdOf } from './ids.ts';
import type { Layout, PartitionKeys } from './keys.ts';
import { loadScript } from './script.ts';

/** Who an account is on X. */
export interface AccountProfile {
  id: string;
  /** Without the @, as X writes it. */
  username: string;
  xUserId: string;
  /** Epoch ms. */
  connectedAt: number;
}

/** What its credentials are, and nothing that is secret. */
export interface AccountGrant {
  via: 'oauth2' | 'oauth1';
  /** The X app they are for: the OAuth 2 client id or the OAuth 1.0a consumer key; `default` where it is not known. */
  app: string;
  /** Null where they are not known; OAuth 1.0a has none. */
  scopes: string[] | null;
  /** When the access token ends, epoch ms by the clock of Redis; null: it does not, or nobody knows. */
  expiresAt: number | null;
  refreshable: boolean;
}

export interface AccountRecord {
  profile: AccountProfile;
  grant: AccountGrant;
  settings: AccountSettings;
  /** Of its secret; each new one has a higher one. The instant at which it was stored, epoch ms by the clock of Redis. */
  secretRev: number;
}

/** Sealed, both: the store never sees a secret. */
export interface SealedAccount {
  secret: string;
  /** What the accounts file had for it when it was taken from there; null if it never was. */
  imported: string | null;
}

export interface PutAccount {
  profile: AccountProfile;
  grant: AccountGrant;
  /** Sealed. */
  secret: string;
  /** Sealed; left out, what is there stays. */
  imported?: string;
  /** Put only if the secret has this rev still; 0: if there is no such account. Left out: whatever is there. */
  ifRev?: number;
}

/** The accounts, as callers see and change them. */
export interface AccountRecords {
  get(id: string): Promise<AccountRecord | null>;
  /** Without the @; case does not count. */
  findByUsername(username: string): Promise<AccountRecord | null>;
  /** The id that this X user has, or had before it was removed, or would have. */
  idOfXUser(xUserId: string): Promise<string>;
  /** In the order of their ids. `cursor` is the `nextCursor` of the page before. */
  list(query: {
    limit: number;
    cursor: string | null;
  }): Promise<{ accounts: AccountRecord[]; nextCursor: string | null }>;
  /** A new account, or one that is connected again, which keeps its settings. Null where `ifRev` does not hold. */
  put(account: PutAccount): Promise<AccountRecord | null>;
  /** Null when there is no such account. `change` may be called again, with what somebody else has made of them meanwhile. */
  updateSettings(
    id: string,
    change: (settings: AccountSettings) => AccountSettings,
  ): Promise<AccountRecord | null>;
  /** The account with its secret. False when there was none. */
  remove(id: string): Promise<boolean>;
  sealed(id: string): Promise<SealedAccount | null>;
  /** The same secrets under another key. False when they were changed meanwhile. */
  reseal(id: string, before: SealedAccount, after: SealedAccount): Promise<boolean>;
}

export interface AccountRecordsOptions {
  redis: Redis;
  layout: Layout;
  /** Tier of accounts that have none of their own. */
  defaultTier: Tier;
}

const put = loadScript('account-put');
const settle = loadScript('account-settings');
const removeAccount = loadScript('account-remove');
const reseal = loadScript('account-reseal');

const FIELDS = ['profile', 'grant', 'settings', 'secretRev'] as const;
/** How often a change of settings starts over before it gives up. */
const CHANGE_TRIES = 20;

export function createAccountRecords({ redis, layout, defaultTier }: AccountRecordsOptions): AccountRecords {
  const keyOf = (id: string): string => layout.forAccount(id).account + id;
  const get = async (id: string): Promise<AccountRecord | null> =>
    toAccountRecord(await redis.hmget(keyOf(id), ...FIELDS));

  /** An account lives in the partition of its id, which its name does not tell. */
  const findBy = async (
    name: string,
    fits: (profile: AccountProfile) => boolean,
  ): Promise<AccountRecord | null> => {
    const ids = await Promise.all(
      layout.partitions.map(({ accountNames }) => redis.hget(accountNames, name)),
    );
    const found = await Promise.all(ids.flatMap((id) => (id === null ? [] : get(id))));
    return found.find((record) => record !== null && fits(record.profile)) ?? null;
  };

  return {
    get,

    findByUsername: (username) =>
      findBy(username.toLowerCase(), (profile) => profile.username.toLowerCase() === username.toLowerCase()),

    async idOfXUser(xUserId) {
      const ids = await Promise.all(
        layout.partitions.map(({ accountNames }) => redis.hget(accountNames, `#${xUserId}`)),
      );
      return ids.find((id) => id !== null) ?? accountIdOf(xUserId);
    },

    async list({ limit, cursor }) {
      const from = cursor === null ? '-' : `(${cursor}`;
      const pages = await Promise.all(
        layout.partitions.map(({ accounts }) =>
          redis.zrange(accounts, from, '+', 'BYLEX', 'LIMIT', 0, limit + 1),
        ),
      );
      const ids = pages.flat().toSorted();
      const shown = ids.slice(0, limit);
      const accounts = (await Promise.all(shown.map(get))).flatMap((record) => record ?? []);
      return { accounts, nextCursor: ids.length > limit ? (shown.at(-1) ?? null) : null };
    },

    async put({ profile, grant, secret, imported, ifRev }) {
      const { id } = profile;
      const answer = await putSecret(redis, layout.forAccount(id), {
        id,
        profile,
        grant,
        secret,
        imported,
        ifRev,
        ring: ringOf(DEFAULT_ACCOUNT_SETTINGS, defaultTier),
        afterRefusal: false,
      });
      return answer === null ? null : get(id);
    },

    async updateSettings(id, change) {
      for (let tries = 0; tries < CHANGE_TRIES; tries++) {
        const before = await redis.hget(keyOf(id), 'settings');
        if (before === null) return null;
        const after = change({ ...DEFAULT_ACCOUNT_SETTINGS, ...JSON.parse(before) });
        const changed = await settle(
          redis,
          [keyOf(id)],
          [before, JSON.stringify(after), ringOf(after, defaultTier)],
        );
        if (changed === 1) return get(id);
      }
      throw new Error(`the settings of ${id} change too fast to be changed`);
    },

    async remove(id) {
      const { account, accounts, accountNames } = layout.forAccount(id);
      const xUserId = (await get(id))?.profile.xUserId ?? '';
      const isDerived = id === accountIdOf(xUserId);
      return (
        (await removeAccount(redis, [account + id, accounts, accountNames], [id, isDerived ? 0 : 1])) === 1
      );
    },

    async sealed(id) {
      const [secret, imported] = await redis.hmget(keyOf(id), 'secret', 'imported');
      return secret ? { secret, imported: imported ?? null } : null;
    },

    async reseal(id, before, after) {
      const done = await reseal(
        redis,
        [keyOf(id)],
        [before.secret, after.secret, before.imported ?? '', after.imported ?? ''],
      );
      return done === 1;
    },
  };
}

/** Writes a secret with what goes with it. Null where `ifRev` does not hold. */
export async function putSecret(
  redis: Redis,
  keys: PartitionKeys,
  given: {
    id: string;
    /** Null leaves the profile as it is. */
    profile: AccountProfile | null;
    grant: AccountGrant;
    secret: string;
    imported: string | undefined;
    ifRev: number | undefined;
    /** Of a new account. */
    ring: string;
    afterRefusal: boolean;
  },
): Promise<{ rev: number; hadFailed: boolean } | null> {
  const { id, profile } = given;
  const answer = await put(
    redis,
    [keys.account + id, keys.accounts, keys.accountNames],
    [
      id,
      profile === null ? '' : JSON.stringify(profile),
      JSON.stringify(given.grant),
      given.secret,
      given.imported ?? '',
      given.ifRev ?? '',
      randomBytes(9).toString('base64url'),
      JSON.stringify(DEFAULT_ACCOUNT_SETTINGS),
      given.ring,
      profile?.username.toLowerCase() ?? '',
      `#${profile?.xUserId ?? ''}`,
      given.afterRefusal ? 1 : 0,
    ],
  );
  if (!Array.isArray(answer) || answer[0] !== 'put') return null;
  return { rev: Number(answer[1]), hadFailed: answer[2] === 1 };
}

function toAccountRecord([profile, grant, settings, rev]: (string | null)[]): AccountRecord | null {
  if (!profile || !grant) return null;
  return {
    profile: JSON.parse(profile),
    grant: JSON.parse(grant),
    settings: { ...DEFAULT_ACCOUNT_SETTINGS, ...JSON.parse(settings ?? '{}') },
    secretRev: Number(rev),
  };
}

/** What the admission of its posts goes by: posts per turn, ms between two posts, and how many may go out at once before that. */
function ringOf({ weight, tier }: AccountSettings, defaultTier: Tier): string {
  const { intervalMs, burst } = paceOf(tier ?? defaultTier);
  return `${weight} ${intervalMs} ${burst}`;
}
