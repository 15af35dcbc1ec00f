import {
  type Endpoint,
  ENDPOINTS,
  type KnownLimits,
  type Tier,
  type WindowName,
} from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { type AppPark, createAppParks } from './app-parks.ts';
import { type Layout, keysOfApp } from './keys.ts';
import { monthOf } from './months.ts';

/** How many more calls X takes, as far as is known. Instants are epoch ms by the clock of Redis. */
export interface LimitWindow {
  endpoint: Endpoint;
  window: WindowName;
  /** Null where X refuses calls without a word about it. */
  limit: number | null;
  remaining: number;
  /** When it opens anew; null where no call has opened it. */
  resetAt: number | null;
  /** Who says so: X, or its documents. */
  source: 'x' | 'known';
}

export interface Spending {
  windows: LimitWindow[];
  /** In the calendar month (UTC), in micro-dollars; what is under way is in it. */
  spentMicroUsd: number;
}

/** What is left of X's limits and of the month. */
export interface LimitsReader {
  /** `tier`: that of the account; null: that of the installation. */
  ofAccount(account: { id: string; tier: Tier | null }): Promise<Spending>;
  ofApp(app: string): Promise<Spending & { park: AppPark | null }>;
}

export interface LimitsOptions {
  redis: Redis;
  layout: Layout;
  limits: KnownLimits;
  /** Of apps, and of accounts that have none of their own. */
  tier: Tier;
  /** Epoch ms. */
  now: () => number;
}

export function createLimitsReader({ redis, layout, limits, tier, now }: LimitsOptions): LimitsReader {
  const parks = createAppParks(redis, layout, now);
  const read = async (
    owner: 'user' | 'app',
    of: Tier,
    keys: { limits: string; spent: string },
  ): Promise<Spending> => {
    const [stored, spent] = await Promise.all([redis.hgetall(keys.limits), redis.get(keys.spent)]);
    const windows = ENDPOINTS.flatMap((endpoint) =>
      WINDOWS_OF[owner].flatMap((window) => {
        const counted = readWindow(stored[`${endpoint} ${window.slice(owner.length)}`], now());
        return viewWindow(endpoint, window, counted, limits[of][endpoint]?.[window] ?? null);
      }),
    );
    return { windows, spentMicroUsd: Number(spent ?? 0) };
  };
  return {
    ofAccount({ id, tier: own }) {
      const keys = layout.forAccount(id);
      const { month } = monthOf(now());
      return read('user', own ?? tier, { limits: keys.limitsOf(id), spent: keys.spentOf(id, month) });
    },
    async ofApp(app) {
      const keys = keysOfApp(app);
      const { month } = monthOf(now());
      const [spending, park] = await Promise.all([
        read('app', tier, { limits: keys.limits, spent: keys.spentIn(month) }),
        parks.get(app),
      ]);
      return { ...spending, park };
    },
  };
}

const WINDOWS_OF = {
  user: ['user15m', 'user3h', 'user24h'],
  app: ['app15m', 'app24h'],
} as const satisfies Record<string, readonly WindowName[]>;

/** As lua/windows.lua writes it. */
interface Counted {
  endsAt: number;
  used: number;
  limit: number;
  shutUntil: number;
}

function readWindow(text: string | undefined, now: number): Counted | null {
  if (text === undefined) return null;
  const [endsAt = 0, taken = 0, others = 0, limit = -1, shutUntil = 0] = text.split(' ').map(Number);
  const isOver = endsAt <= now;
  return {
    endsAt: isOver ? 0 : endsAt,
    used: isOver ? 0 : taken + others,
    limit,
    shutUntil: shutUntil > now ? shutUntil : 0,
  };
}

/** Nothing where neither X nor its documents know of a limit. */
function viewWindow(
  endpoint: Endpoint,
  window: WindowName,
  counted: Counted | null,
  known: number | null,
): LimitWindow[] {
  const { limit: said = -1, used = 0, endsAt = 0, shutUntil = 0 } = counted ?? {};
  const limit = said >= 0 ? said : known;
  if (limit === null && shutUntil === 0) return [];
  const opensAt = Math.max(endsAt, shutUntil);
  return [
    {
      endpoint,
      window,
      limit,
      remaining: shutUntil > 0 ? 0 : Math.max(0, (limit ?? 0) - used),
      resetAt: opensAt === 0 ? null : opensAt,
      source: said >= 0 || shutUntil > 0 ? 'x' : 'known',
    },
  ];
}
