import type { Block } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { type AccountGrant, putSecret } from './account-records.ts';
import type { Layout } from './keys.ts';
import { loadScript } from './script.ts';

/** A secret as it is stored, with what is known of it. Instants are epoch ms by the clock of Redis, which all workers share. */
export interface StoredSecret {
  grant: AccountGrant;
  /** Sealed. */
  secret: string;
  /** Also the instant at which it was stored. */
  rev: number;
  /** It is known to be as durable as the installation is set up to make it. */
  isSettled: boolean;
  /** X has answered 401 to its access token. */
  isRefused: boolean;
  /** It was fetched because X had refused the one before. */
  followsRefusal: boolean;
  /** Why the last refresh of this secret came to nothing, and until when nobody tries again. */
  failure: { text: string; until: number } | null;
  block: Block | null;
  now: number;
}

/** The secrets of accounts, as those who refresh them need them: one at a time, and never over a newer one. */
export interface AccountSecrets {
  read(id: string): Promise<StoredSecret | null>;
  /**
   * The right to refresh the secret of this revision. `busy`: somebody else has it. `failed`: a refresh came to nothing just now.
   * `changed`: there is another secret by now.
   */
  lease(
    id: string,
    given: { rev: number; by: string; leaseMs: number },
  ): Promise<'taken' | 'busy' | 'failed' | 'changed'>;
  /** The fresh secret in the place of that of `rev`; also ends the lease. Null, and nothing is written, if there is another by now. */
  replace(
    id: string,
    given: { rev: number; grant: AccountGrant; secret: string; followsRefusal: boolean },
  ): Promise<{ rev: number; hadFailed: boolean } | null>;
  /** Ends the lease: the refresh came to nothing. */
  fail(id: string, given: { rev: number; by: string; text: string; forMs: number }): Promise<void>;
  mark(id: string, rev: number, as: 'refused' | 'settled'): Promise<void>;
}

const lease = loadScript('account-lease');
const fail = loadScript('account-fail');
const mark = loadScript('account-mark');

const FIELDS = [
  'grant',
  'secret',
  'secretRev',
  'settled',
  'refused',
  'afterRefusal',
  'failure',
  'failedUntil',
] as const;

export function createAccountSecrets(redis: Redis, layout: Layout): AccountSecrets {
  const keyOf = (id: string): string => layout.forAccount(id).account + id;
  return {
    async read(id) {
      const [fields, time, blocks] = await Promise.all([
        redis.hmget(keyOf(id), ...FIELDS),
        redis.time(),
        redis.hget(layout.forAccount(id).blocks, id),
      ]);
      const [grant, secret, rev, settled, refused, afterRefusal, failure, failedUntil] = fields;
      if (!grant || !secret || !rev) return null;
      const [seconds = 0, microseconds = 0] = time.map(Number);
      const block: { block?: Block } = JSON.parse(blocks ?? '{}');
      return {
        grant: JSON.parse(grant),
        secret,
        rev: Number(rev),
        isSettled: settled === rev,
        isRefused: refused === rev,
        followsRefusal: afterRefusal === rev,
        failure: failure ? { text: failure, until: Number(failedUntil) } : null,
        block: block.block ?? null,
        now: seconds * 1_000 + Math.floor(microseconds / 1_000),
      };
    },

    async lease(id, { rev, by, leaseMs }) {
      const answer = await lease(redis, [keyOf(id)], [rev, by, leaseMs]);
      return answer === 'taken' || answer === 'busy' || answer === 'failed' ? answer : 'changed';
    },

    async replace(id, { rev, grant, secret, followsRefusal }) {
      return putSecret(redis, layout.forAccount(id), {
        id,
        profile: null,
        grant,
        secret,
        imported: undefined,
        ifRev: rev,
        ring: '',
        afterRefusal: followsRefusal,
      });
    },

    async fail(id, { rev, by, text, forMs }) {
      await fail(redis, [keyOf(id)], [rev, by, text, forMs]);
    },

    async mark(id, rev, as) {
      await mark(redis, [keyOf(id)], [rev, as]);
    },
  };
}
