import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { AccountBlocks, AccountSecrets, StoredSecret } from '@slipway/store';
import { type OAuth2Client, type OAuth2Tokens, type XClient, isXError } from '@slipway/x-media';
import { type RefreshVerdict, judgeRefresh } from './refresh-verdict.ts';
import type { AccountSecret } from './secret.ts';
import type { Vault } from './vault.ts';

type OAuth2Secret = AccountSecret & { type: 'oauth2' };

export interface RefreshLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RefresherDeps {
  secrets: AccountSecrets;
  vault: Pick<Vault, 'seal'>;
  blocks: Pick<AccountBlocks, 'get' | 'block' | 'release'>;
  x: Pick<XClient, 'oauth2'>;
  client: OAuth2Client;
  /** See `Barrier`; of the partition of this account. */
  durable: (accountId: string) => Promise<boolean>;
  /** Epoch ms. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  logger: RefreshLog;
  /** How long X may take to answer. Its answer cannot be had twice, so it is given time. */
  callMs: number;
}

export interface Refresher {
  /**
   * Resolves when there is news in the store: a fresh secret, or why there is none. Whoever asks while a refresh is under way, here
   * or in another worker, waits for that one.
   */
  refresh(id: string, found: StoredSecret, secret: OAuth2Secret): Promise<void>;
  /** Resolves when no refresh is under way any more. */
  idle(): Promise<void>;
}

/**
 * A lease outlives the call that it is for, so that there are never two: X would take the second for a theft, and a token works
 * once. It is shorter than the margin in which tokens are refreshed ahead, so that posts go on beside a holder that died.
 */
const LEASE_MARGIN_MS = 15_000;
/** Held up for longer between lease and call, and the call is left to somebody else. */
const START_WITHIN_MS = 5_000;
const POLL_MS = { first: 20, most: 250 };
const STORE_AGAIN_MS = 250;

export function createRefresher(deps: RefresherDeps): Refresher {
  const { secrets, vault, blocks, x, client, durable, now, random, logger, callMs } = deps;
  const leaseMs = callMs + LEASE_MARGIN_MS;
  const underWay = new Map<string, Promise<void>>();

  async function leaseOrWait(id: string, found: StoredSecret, secret: OAuth2Secret): Promise<void> {
    const by = randomBytes(9).toString('base64url');
    const deadline = performance.now() + leaseMs;
    for (let pauseMs = POLL_MS.first; ; pauseMs = Math.min(2 * pauseMs, POLL_MS.most)) {
      const askedAt = performance.now();
      const answer = await secrets.lease(id, { rev: found.rev, by, leaseMs });
      if (answer === 'taken') return exchange(id, found, secret, by, askedAt);
      if (answer !== 'busy' || performance.now() > deadline) return;
      await wait(pauseMs);
    }
  }

  async function exchange(
    id: string,
    found: StoredSecret,
    secret: OAuth2Secret,
    by: string,
    leasedAt: number,
  ): Promise<void> {
    const { rev } = found;
    const { refreshToken } = secret;
    if (refreshToken === null) throw new Error(`${id} has no refresh token`);
    if (performance.now() - leasedAt > START_WITHIN_MS) return;
    const askedAt = found.now;
    let fresh: OAuth2Tokens;
    try {
      const { data } = await x.oauth2.refresh({ ...client, refreshToken }, { timeoutMs: callMs });
      fresh = data;
    } catch (error) {
      if (!isXError(error)) throw error;
      const failures = found.failure ? failuresIn(found.failure.text) : 0;
      const verdict = judgeRefresh(error, { failures, jitter: random(), now: now() });
      await noteFailure(id, found, by, verdict, failures + 1);
      return;
    }
    const next = {
      grant: {
        ...found.grant,
        app: client.clientId,
        scopes: fresh.scopes.length > 0 ? fresh.scopes : found.grant.scopes,
        // By the clock of Redis, from before the question was asked: never later than X's own.
        expiresAt: fresh.expiresInSecs === undefined ? null : askedAt + fresh.expiresInSecs * 1_000,
      },
      secret: vault.seal(id, {
        type: 'oauth2',
        accessToken: fresh.accessToken,
        refreshToken: fresh.refreshToken ?? refreshToken,
      }),
      followsRefusal: found.isRefused,
    };
    const stored = await store(id, () => secrets.replace(id, { rev, ...next }));
    if (!stored) {
      logger.info({ accountId: id }, 'the account was connected anew while its tokens were refreshed');
      return;
    }
    logger.info({ accountId: id }, 'tokens refreshed');
    if (await durable(id)) await secrets.mark(id, stored.rev, 'settled');
    if (stored.hadFailed || found.block) await releaseOwnBlock(id);
  }

  /** The old pair is spent, and the new one is known to nobody else: it is not given up while this process lives. */
  async function store<T>(id: string, write: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await write();
      } catch (error) {
        if (tries === 1) logger.warn({ accountId: id, err: error }, 'fresh tokens cannot be stored yet');
        await wait(STORE_AGAIN_MS);
      }
    }
  }

  async function noteFailure(
    id: string,
    { rev, grant }: StoredSecret,
    by: string,
    { block, detail, againInMs }: RefreshVerdict,
    failures: number,
  ): Promise<void> {
    // Somebody else may have put a fresh pair: then this one was spent by whoever got that, and nothing is wrong.
    const current = await secrets.read(id);
    if (!current || current.rev !== rev) return;
    logger.warn({ accountId: id, cause: block?.cause, detail }, 'tokens could not be refreshed');
    if (block) {
      await blocks.block(id, {
        cause: block.cause,
        since: current.now,
        until: block.forMs === null ? null : current.now + block.forMs,
        detail,
        ...(block.cause === 'app_refused' ? { app: grant.app } : {}),
      });
    }
    await secrets.fail(id, { rev, by, text: JSON.stringify({ detail, failures }), forMs: againInMs });
  }

  /** What a refresh has ended. A suspension, or an empty purse, it has not. */
  async function releaseOwnBlock(id: string): Promise<void> {
    const { block } = await blocks.get(id);
    if (block && isOfTokens(block.cause)) await blocks.release(id, 'block');
  }

  return {
    refresh(id, found, secret) {
      const before = underWay.get(id);
      if (before) return before;
      const work = leaseOrWait(id, found, secret).finally(() => underWay.delete(id));
      underWay.set(id, work);
      return work;
    },

    async idle() {
      while (underWay.size > 0) await Promise.allSettled(underWay.values());
    },
  };
}

/** Causes that have to do with tokens: a fresh pair ends them. */
export function isOfTokens(cause: string): boolean {
  return cause === 'needs_reconnect' || cause === 'unauthorized' || cause === 'app_refused';
}

export function detailIn(failure: string): string {
  const { detail }: { detail: string } = JSON.parse(failure);
  return detail;
}

function failuresIn(failure: string): number {
  const { failures }: { failures: number } = JSON.parse(failure);
  return failures;
}
