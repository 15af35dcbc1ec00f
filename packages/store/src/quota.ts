import type { Quota, QuotaCall, Settlement } from '@slipway/pipeline';
import {
  type Block,
  type BlockCause,
  type EndpointLimits,
  type KnownLimits,
  type RateReport,
  TIERS,
  type Tier,
  WINDOW_MS,
  type Waiting,
  reportsOf,
  toUsd,
} from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type AppEvent, appendAppEvent, causeOf } from './app-parks.ts';
import { type Layout, keysOfApp } from './keys.ts';
import { monthOf } from './months.ts';
import { loadScript } from './script.ts';

const takeAccount = loadScript('take-account', 'windows');
const takeApp = loadScript('take-app', 'windows');
const settleAccount = loadScript('settle-account', 'windows');
const settleApp = loadScript('settle-app', 'windows');

/** While one call finds out whether an app may call X again, the others wait; after this another one tries. */
const PROBE_MS = 60_000;
/** Beyond an instant that X named: its clock and ours are not one. Source: X docs, rate limits, and what clients have seen. */
const SPARE_MS = { least: 1_000, spread: 4_000 };

export interface QuotaOptions {
  redis: Redis;
  layout: Layout;
  limits: KnownLimits;
  /** Of apps, and of accounts that have none of their own. */
  tier: Tier;
  /** Of each app and calendar month (UTC); null: none. */
  appBudgetMicroUsd: number | null;
  /** How long an app is left alone that X refuses. */
  parkMs: number;
  /** Epoch ms by this process: waits are told by it. */
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  /** Epoch ms by a clock that all workers share; left out: that of Redis. */
  sharedNow?: () => number;
  onAppEvent?: (app: string, event: AppEvent) => void;
  /** Something could not be noted; the call itself is over. */
  onTrouble: (error: unknown) => void;
}

const blocksSchema = z.object({
  paused: z.custom<Block>().nullish(),
  block: z.custom<Block>().nullish(),
});
const taken = z.union([
  z.tuple([z.literal('taken')]),
  z.tuple([z.literal('blocked'), z.string(), z.coerce.number()]),
  z.tuple([z.literal('parked'), z.string(), z.string(), z.coerce.number()]),
  z.tuple([z.literal('budget'), z.coerce.number(), z.coerce.number(), z.coerce.number()]),
  z.tuple([z.literal('window'), z.string(), z.coerce.number(), z.coerce.number()]),
]);
const settled = z.tuple([z.enum(['parked', 'released', 'same']), z.string(), z.coerce.number()]);

/** X's limits and the budgets, shared by all workers in Redis: what an account counts, and what its app counts, side by side. */
export function createQuota(options: QuotaOptions): Quota {
  const { redis, layout, limits, tier, now, random, onTrouble } = options;
  const sharedNow = (): number | '' => options.sharedNow?.() ?? '';

  const waitingOf = (
    call: QuotaCall,
    owner: 'account' | 'app',
    reply: z.infer<typeof taken>,
  ): Waiting | null => {
    switch (reply[0]) {
      case 'taken':
        return null;
      case 'blocked':
        return blockedBy(reply[1], reply[2]);
      case 'parked': {
        const [, cause, detail, waitMs] = reply;
        return { reason: reasonOf(causeOf(cause)), until: now() + waitMs, detail, cause: causeOf(cause) };
      }
      case 'budget': {
        const [, budget, spent, waitMs] = reply;
        const detail = `${toUsd(spent)} of this month's budget of ${toUsd(budget)} USD for the ${owner} are spent, and ${toUsd(call.costMicroUsd)} more would exceed it. Raise it, or wait for the next month.`;
        return { reason: 'credits', until: now() + waitMs, detail, cause: 'budget' };
      }
      case 'window': {
        const [, window, limit, waitMs] = reply;
        const what = limit < 0 ? 'X takes no more calls' : `X's limit of ${limit} calls is used up`;
        const detail = `${what}: ${call.endpoint}, ${LENGTHS[window] ?? window}, for the ${owner}.`;
        return { reason: 'rate_limit', until: now() + waitMs + spareMs(), detail };
      }
    }
  };

  const blockedBy = (json: string, atRedis: number): Waiting => {
    const { paused, block } = blocksSchema.parse(JSON.parse(json));
    const found = paused ?? block;
    if (!found) throw new Error('a block that stands is in the blocks');
    // What nobody can tell the end of is looked at again now and then.
    const waitMs = found.until === null ? options.parkMs : found.until - atRedis;
    return {
      reason: reasonOf(found.cause),
      until: now() + waitMs,
      detail: found.detail,
      cause: found.cause,
    };
  };

  const spareMs = (): number => Math.round(SPARE_MS.least + random() * SPARE_MS.spread);

  const settleBoth = async (
    call: QuotaCall,
    settlement: Settlement,
    owners: readonly Owner[],
  ): Promise<void> => {
    const { outcome, answer, appRefusal } = settlement;
    const { reports, blind } = answer ? reportsOf(answer, now()) : { reports: [], blind: false };
    const { month } = monthOf(call.at);
    const keys = layout.forAccount(call.accountId);
    const appKeys = keysOfApp(call.app);
    const about = [sharedNow(), call.endpoint, outcome, call.costMicroUsd];
    const [, reply] = await Promise.all([
      owners.includes('account') &&
        settleAccount(
          redis,
          [keys.limitsOf(call.accountId), keys.spentOf(call.accountId, month)],
          [...about, blind && !appRefusal ? random() : '', ...argsOf(reports, 'user')],
        ),
      owners.includes('app') &&
        settleApp(
          redis,
          [appKeys.limits, appKeys.spentIn(month), appKeys.park],
          [
            ...about,
            appRefusal?.cause ?? '',
            appRefusal?.detail ?? '',
            options.parkMs,
            ...argsOf(reports, 'app'),
          ],
        ),
    ]);
    if (reply === false) return;
    const [change, cause, until] = settled.parse(reply);
    if (change === 'same') return;
    const at = now();
    const event: AppEvent =
      change === 'parked'
        ? { type: 'app.parked', at, data: { cause: causeOf(cause), until, detail: appRefusal?.detail ?? '' } }
        : { type: 'app.released', at, data: { cause: causeOf(cause), by: 'x' } };
    options.onAppEvent?.(call.app, event);
    await appendAppEvent(redis, layout, call.app, event);
  };

  return {
    async take(call) {
      const { month, endsAt } = monthOf(call.at);
      const keys = layout.forAccount(call.accountId);
      const appKeys = keysOfApp(call.app);
      const look = call.isLook ? 1 : 0;
      // Two scripts, since an app's keys may be on another node; one round trip.
      const replies = await Promise.all([
        takeAccount(
          redis,
          [
            keys.limitsOf(call.accountId),
            keys.spentOf(call.accountId, month),
            keys.blocks,
            keys.account + call.accountId,
          ],
          [
            sharedNow(),
            call.accountId,
            call.endpoint,
            knownOfUsers(limits, call.endpoint),
            tier,
            call.costMicroUsd,
            endsAt,
            look,
          ],
        ),
        takeApp(
          redis,
          [appKeys.limits, appKeys.spentIn(month), appKeys.park],
          [
            sharedNow(),
            call.endpoint,
            JSON.stringify(named(limits[tier][call.endpoint] ?? {}, 'app')),
            call.costMicroUsd,
            options.appBudgetMicroUsd ?? '',
            endsAt,
            PROBE_MS,
            look,
          ],
        ),
      ]);
      const [ofAccount, ofApp] = replies.map((reply) => taken.parse(reply));
      if (!ofAccount || !ofApp) throw new Error('each script gives a reply');
      const waitings = [waitingOf(call, 'account', ofAccount), waitingOf(call, 'app', ofApp)];
      const [account, app] = waitings;
      // What was taken of the one is of no use without the other.
      const owner = account && !app ? 'app' : !account && app ? 'account' : null;
      if (owner) await settleBoth(call, { outcome: 'not_sent', answer: null, appRefusal: null }, [owner]);
      // A block says more than a limit.
      return account?.cause ? account : app?.cause ? app : laterOf(account ?? null, app ?? null);
    },

    async settle(call, settlement) {
      await settleBoth(call, settlement, ['account', 'app']).catch(onTrouble);
    },
  };
}

type Owner = 'account' | 'app';

const LENGTHS: Record<string, string> = {
  '15m': 'in 15 minutes',
  '3h': 'in 3 hours',
  '24h': 'in 24 hours',
};

function laterOf(one: Waiting | null, other: Waiting | null): Waiting | null {
  if (!one || !other) return one ?? other;
  return one.until > other.until ? one : other;
}

export function reasonOf(cause: BlockCause): 'paused' | 'credits' | 'account' {
  switch (cause) {
    case 'paused':
      return 'paused';
    case 'credits':
    case 'usage_cap':
    case 'budget':
      return 'credits';
    case 'needs_reconnect':
    case 'suspended':
    case 'automated':
    case 'unauthorized':
    case 'forbidden':
    case 'disconnected':
    case 'app_refused':
      return 'account';
  }
}

const users = new WeakMap<KnownLimits, Map<string, string>>();

/** The limits of users by tier, as the script takes them; made once for an endpoint. */
function knownOfUsers(limits: KnownLimits, endpoint: QuotaCall['endpoint']): string {
  const made = users.get(limits) ?? new Map<string, string>();
  users.set(limits, made);
  const known =
    made.get(endpoint) ??
    JSON.stringify(
      Object.fromEntries(TIERS.map((each) => [each, named(limits[each][endpoint] ?? {}, 'user')])),
    );
  made.set(endpoint, known);
  return known;
}

/** The limits of one owner, by the names that the scripts have for windows. */
function named(limits: EndpointLimits, owner: 'user' | 'app'): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([window, limit]) =>
      window.startsWith(owner) ? [[window.slice(owner.length), limit]] : [],
    ),
  );
}

function argsOf(reports: readonly RateReport[], owner: 'user' | 'app'): (string | number)[] {
  return reports
    .filter(({ window }) => window.startsWith(owner))
    .flatMap(({ window, limit, remaining, resetInMs, shut }) => [
      window.slice(owner.length),
      limit ?? -1,
      remaining ?? -1,
      resetInMs === null ? -1 : Math.min(resetInMs, WINDOW_MS[window]),
      shut ? 1 : 0,
    ]);
}
