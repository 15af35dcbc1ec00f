import type { Quota, QuotaCall, Settlement } from '@slipway/pipeline';
import {
  type EndpointLimits,
  type KnownLimits,
  type RateReport,
  TIERS,
  type Tier,
  WINDOW_MS,
  reportsOf,
} from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { type AppEvent, appendAppEvent, causeOf } from './app-parks.ts';
import { type Layout, keysOfApp } from './keys.ts';
import { monthOf } from './months.ts';
import { strongerOf, waitingOf } from './quota-waits.ts';
import { loadScript } from './script.ts';

const takeAccount = loadScript('take-account', 'windows');
const takeApp = loadScript('take-app', 'windows');
const settleAccount = loadScript('settle-account', 'windows');
const settleApp = loadScript('settle-app', 'windows');

/** While one call finds out whether an app may call X again, the others wait; after this another one tries. */
const PROBE_MS = 60_000;

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

const settled = z.tuple([z.enum(['parked', 'released', 'same']), z.string(), z.coerce.number()]);

/** X's limits and the budgets, shared by all workers in Redis: what an account counts, and what its app counts, side by side. */
export function createQuota(options: QuotaOptions): Quota {
  const { redis, layout, limits, tier, now, random, onTrouble } = options;
  const sharedNow = (): number | '' => options.sharedNow?.() ?? '';

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
      const moment = { now: now(), jitter: random() };
      const account = waitingOf(replies[0], { ...moment, call, owner: 'account' });
      const app = waitingOf(replies[1], { ...moment, call, owner: 'app' });
      // What was taken of the one is of no use without the other.
      const owner = account && !app ? 'app' : !account && app ? 'account' : null;
      if (owner) await settleBoth(call, { outcome: 'not_sent', answer: null, appRefusal: null }, [owner]);
      return strongerOf(account, app);
    },

    async settle(call, settlement) {
      await settleBoth(call, settlement, ['account', 'app']).catch(onTrouble);
    },
  };
}

type Owner = 'account' | 'app';

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
