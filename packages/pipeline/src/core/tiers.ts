import { z } from 'zod';
import { TIERS, type Tier } from './account.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';

const MINUTE_MS = 60_000;

/** The windows in which X counts calls: of a user (an account with one app), and of an app with all its accounts. */
export const WINDOWS = ['user15m', 'user3h', 'user24h', 'app15m', 'app24h'] as const;
export type WindowName = (typeof WINDOWS)[number];

/** How long a window is, from the first call in it. */
export const WINDOW_MS: Readonly<Record<WindowName, number>> = {
  user15m: 15 * MINUTE_MS,
  user3h: 180 * MINUTE_MS,
  user24h: 1440 * MINUTE_MS,
  app15m: 15 * MINUTE_MS,
  app24h: 1440 * MINUTE_MS,
};

/** Calls of one endpoint that X takes in each window; a window that is not named has no known limit. */
export type EndpointLimits = Readonly<Partial<Record<WindowName, number>>>;
export type TierLimits = Readonly<Partial<Record<Endpoint, EndpointLimits>>>;
/** What is known of X's limits before X says anything. */
export type KnownLimits = Readonly<Record<Tier, TierLimits>>;

const MEDIA: TierLimits = {
  'POST /2/media/upload': { app24h: 50_000, user15m: 500 },
  'GET /2/media/upload': { app24h: 100_000, user15m: 1_000 },
  'POST /2/media/upload/initialize': { app24h: 180_000, user15m: 1_875 },
  'POST /2/media/upload/{id}/append': { app24h: 180_000, user15m: 1_875 },
  'POST /2/media/upload/{id}/finalize': { app24h: 180_000, user15m: 1_875 },
  'POST /2/media/metadata': { app24h: 50_000, user15m: 500 },
};

/**
 * Source: X docs, rate limits (2026); the 300 posts in 3 hours are of the guide to posting, and no header shows them. Of the legacy
 * tiers: the last table that X published (2026-01), which never named the media endpoints.
 */
const DOCUMENTED: KnownLimits = {
  pay_per_use: {
    ...MEDIA,
    'POST /2/tweets': { app24h: 10_000, user15m: 100, user3h: 300 },
    'GET /2/users/{id}/tweets': { app15m: 10_000, user15m: 900 },
  },
  free: {
    ...MEDIA,
    'POST /2/tweets': { app24h: 17, user24h: 17 },
    'GET /2/users/{id}/tweets': { app15m: 1, user15m: 1 },
  },
  basic: {
    ...MEDIA,
    'POST /2/tweets': { app24h: 1_667, user24h: 100 },
    'GET /2/users/{id}/tweets': { app15m: 10, user15m: 5 },
  },
  pro: {
    ...MEDIA,
    'POST /2/tweets': { app24h: 10_000, user15m: 100, user3h: 300 },
    'GET /2/users/{id}/tweets': { app15m: 1_500, user15m: 900 },
  },
  unlimited: {},
};

/** Limits that are known better: by tier, endpoint and window; null lifts one. */
export const limitOverridesSchema = z.partialRecord(
  z.enum(TIERS),
  z.partialRecord(z.enum(ENDPOINTS), z.partialRecord(z.enum(WINDOWS), z.int().min(0).nullable())),
);
export type LimitOverrides = z.infer<typeof limitOverridesSchema>;

/** X's documented limits, and what an operator knows better. */
export function knownLimits(overrides: LimitOverrides = {}): KnownLimits {
  const of = (tier: Tier): TierLimits =>
    Object.fromEntries(
      ENDPOINTS.map((endpoint) => [
        endpoint,
        merge(DOCUMENTED[tier][endpoint] ?? {}, overrides[tier]?.[endpoint] ?? {}),
      ]),
    );
  return {
    pay_per_use: of('pay_per_use'),
    free: of('free'),
    basic: of('basic'),
    pro: of('pro'),
    unlimited: of('unlimited'),
  };
}

function merge(
  documented: EndpointLimits,
  overrides: Partial<Record<WindowName, number | null>>,
): EndpointLimits {
  const merged = { ...documented, ...overrides };
  return Object.fromEntries(Object.entries(merged).filter(([, limit]) => limit !== null));
}

/** The windows of an account that its backlog is worked off by, the shortest first. */
const PACING = ['user15m', 'user24h'] as const satisfies readonly WindowName[];

/** The pace at which a backlog of a tier is worked off: so many at once, then one per interval. No interval: no limit. */
export function paceOf(tier: Tier): { intervalMs: number; burst: number } {
  const limits = DOCUMENTED[tier]['POST /2/tweets'] ?? {};
  const window = PACING.find((name) => limits[name] !== undefined);
  const burst = (window && limits[window]) ?? 0;
  return { intervalMs: window ? Math.ceil(WINDOW_MS[window] / burst) : 0, burst };
}
