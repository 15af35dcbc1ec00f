import { setTimeout as wait } from 'node:timers/promises';
import type { Account, Accounts } from '@slipway/pipeline';
import type { BlockCause, Waiting } from '@slipway/pipeline/core';
import type { AccountBlocks, AccountRecords, AccountSecrets, StoredSecret } from '@slipway/store';
import type { XCredentials } from '@slipway/x-media';
import { INCIDENT_MS } from './refresh-verdict.ts';
import { type Refresher, detailIn, isOfTokens } from './refresh.ts';
import { type AccountSecret, credentialsIn } from './secret.ts';
import type { Vault } from './vault.ts';

export interface AccountsOptions {
  records: Pick<AccountRecords, 'get'>;
  secrets: AccountSecrets;
  vault: Pick<Vault, 'open'>;
  blocks: Pick<AccountBlocks, 'block'>;
  /** Null where no OAuth 2 client is configured: then tokens are used as long as they last. */
  refresher: Refresher | null;
  /** The client that the refresher speaks for. */
  clientId: string | null;
  /** See `Barrier`; of the partition of this account. */
  durable: (accountId: string) => Promise<boolean>;
  /** Epoch ms, by the clock that posts wait by. */
  now: () => number;
}

type Found = Awaited<ReturnType<Accounts['credentialsOf']>>;

/** Tokens that end sooner than this are refreshed ahead. */
const MARGIN_MS = 2 * 60_000;
/** A token that ends within this may end on its way. */
const TRAVEL_MS = 5_000;
/** Opened credentials are used again for so long without a look into the store. What makes them stale meanwhile ends in a 401. */
const KEEP_MS = 10_000;
const MOST_KEPT = 10_000;
/** How long somebody with a post in hand waits for a refresh: while the old token lives, and without one. */
const PATIENCE_MS = { alive: 3_000, dead: 15_000 };
/** How long a post waits before it looks again at an account that only a person can help; its release or new tokens end that sooner. */
const LOOK_AGAIN_MS = 15 * 60_000;
const SOON_MS = 2_000;

/** The accounts of the vault, as the pipeline sees them: their tokens are refreshed ahead of time, and after a 401. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { records, secrets, vault, blocks, refresher, clientId, durable, now } = options;
  const kept = new Map<string, { credentials: XCredentials; until: number }>();
  const known = new Map<string, { account: Account; until: number }>();

  const waiting = (forMs: number, detail: string, cause?: BlockCause): { waiting: Waiting } => ({
    waiting: cause
      ? { reason: 'account', cause, until: now() + forMs, detail }
      : { reason: 'backoff', until: now() + forMs, detail },
  });

  async function use(id: string, found: StoredSecret, secret: AccountSecret): Promise<Found> {
    // Whoever stored it may not have known whether it can be lost; a pair that was used must not be.
    if (!found.isSettled) {
      if (!(await durable(id))) {
        return waiting(SOON_MS, 'The tokens of the account are not on all replicas of Redis yet.');
      }
      await secrets.mark(id, found.rev, 'settled');
    }
    const livesMs = (found.grant.expiresAt ?? Infinity) - found.now;
    // In its last minutes a token is used where it could not be refreshed yet: that is looked at again sooner.
    const forMs =
      livesMs > MARGIN_MS ? Math.min(KEEP_MS, livesMs - MARGIN_MS) : Math.min(SOON_MS, livesMs - TRAVEL_MS);
    const credentials = credentialsIn(secret);
    remember(kept, id, { credentials, until: performance.now() + forMs });
    return { credentials };
  }

  /** What its owner has to do, said once for all posts. */
  async function block(
    id: string,
    { now: since, grant: { app } }: StoredSecret,
    cause: 'needs_reconnect' | 'app_refused',
    detail: string,
  ): Promise<Found> {
    await blocks.block(id, {
      cause,
      since,
      until: null,
      detail,
      ...(cause === 'app_refused' ? { app } : {}),
    });
    return waiting(LOOK_AGAIN_MS, detail, cause);
  }

  async function find(id: string): Promise<Found> {
    const deadline = performance.now() + PATIENCE_MS.dead;
    for (;;) {
      const found = await secrets.read(id);
      if (!found) {
        const detail = 'The account was disconnected; connect it again, or cancel the post.';
        return waiting(LOOK_AGAIN_MS, detail, 'disconnected');
      }
      const { grant } = found;
      const secret = vault.open(id, found.secret);
      const livesMs = (grant.expiresAt ?? Infinity) - found.now;
      const isDead = livesMs <= TRAVEL_MS;
      if (secret.type === 'oauth1' || (!isDead && !found.isRefused && livesMs > MARGIN_MS)) {
        return use(id, found, secret);
      }
      if (secret.refreshToken === null || refresher === null || clientId === null) {
        // X has the last word on a token that nothing can be done about.
        if (!isDead) return use(id, found, secret);
        return secret.refreshToken === null
          ? block(
              id,
              found,
              'needs_reconnect',
              'The access token has ended, and there is no refresh token. Connect the account again, with the scope offline.access.',
            )
          : block(
              id,
              found,
              'app_refused',
              'The access token has ended and cannot be refreshed: SLIPWAY_X_CLIENT_ID is not set.',
            );
      }
      const mayUse = !isDead && !found.isRefused;
      if (found.block && isOfTokens(found.block.cause) && (found.block.until ?? Infinity) > found.now) {
        if (mayUse) return use(id, found, secret);
        const { cause, until, detail } = found.block;
        return waiting(until === null ? LOOK_AGAIN_MS : until - found.now, detail, cause);
      }
      if (found.failure && found.failure.until > found.now) {
        if (mayUse) return use(id, found, secret);
        return waiting(found.failure.until - found.now, detailIn(found.failure.text));
      }
      if (grant.app !== 'default' && grant.app !== clientId) {
        if (mayUse) return use(id, found, secret);
        return block(
          id,
          found,
          'app_refused',
          'The account was connected by another X app than SLIPWAY_X_CLIENT_ID names. Set that one, or connect the account again.',
        );
      }
      const refreshed = refresher.refresh(id, found, secret);
      const patienceMs = mayUse ? PATIENCE_MS.alive : deadline - performance.now();
      if (await endsWithin(refreshed, patienceMs)) continue;
      return mayUse
        ? use(id, found, secret)
        : waiting(SOON_MS, 'The tokens of the account are being refreshed.');
    }
  }

  return {
    async find(id) {
      const before = known.get(id);
      if (before && performance.now() < before.until) return before.account;
      const record = await records.get(id);
      if (!record) return null;
      const { profile, grant } = record;
      const account = { id, username: profile.username, xUserId: profile.xUserId, app: grant.app };
      remember(known, id, { account, until: performance.now() + KEEP_MS });
      return account;
    },

    async credentialsOf(id) {
      const before = kept.get(id);
      if (before && performance.now() < before.until) return { credentials: before.credentials };
      return find(id);
    },

    async refused(id, credentials) {
      kept.delete(id);
      known.delete(id);
      const found = await secrets.read(id);
      if (!found || credentials.type !== 'oauth2') return;
      const secret = vault.open(id, found.secret);
      // Others were refused the same token, and one of them has seen to it.
      if (secret.type !== 'oauth2' || secret.accessToken !== credentials.accessToken) return;
      if (secret.refreshToken === null || refresher === null) return;
      await secrets.mark(id, found.rev, 'refused');
      if (!found.followsRefusal || found.now - found.rev > INCIDENT_MS) return;
      await blocks.block(id, {
        cause: 'unauthorized',
        since: found.now,
        until: found.now + INCIDENT_MS,
        detail:
          'X refuses a token that it has just given. This is likely an incident at X; it is tried again by itself.',
      });
    },
  };
}

/** The least recently written goes when there are too many. */
function remember<T>(map: Map<string, T>, id: string, value: T): void {
  map.delete(id);
  map.set(id, value);
  const [oldest] = map.keys();
  if (map.size > MOST_KEPT && oldest !== undefined) map.delete(oldest);
}

/** False when it took longer. Rejects as the work does. */
async function endsWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const done = new AbortController();
  const late = wait(Math.max(ms, 0), false, { signal: done.signal });
  late.catch(() => undefined);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    done.abort();
    work.catch(() => undefined);
  }
}
