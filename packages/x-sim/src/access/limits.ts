import type { Limit, SimConfig } from '../config.ts';

const MINUTE_MS = 60_000;
/** `header` is undefined for a window that is counted but not shown. */
const WINDOWS = [
  { name: 'user15m', owner: 'user', windowMs: 15 * MINUTE_MS, header: 'x-rate-limit-' },
  { name: 'app15m', owner: 'app', windowMs: 15 * MINUTE_MS, header: 'x-rate-limit-' },
  { name: 'user24h', owner: 'user', windowMs: 1440 * MINUTE_MS, header: 'x-user-limit-24hour-' },
  { name: 'app24h', owner: 'app', windowMs: 1440 * MINUTE_MS, header: 'x-app-limit-24hour-' },
  { name: 'user3h', owner: 'user', windowMs: 180 * MINUTE_MS, header: undefined },
] as const;

/** X docs, rate limits (2026), plus the 300 posts in 3 hours of the posting guide, which no header shows. */
const DOCUMENTED: Record<string, Limit> = {
  'posts.create': { app24h: 10_000, user15m: 100, user3h: 300 },
  'posts.delete': { user15m: 50 },
  'posts.lookup': { app15m: 3500, user15m: 5000 },
  'users.timeline': { app15m: 10_000, user15m: 900 },
  'users.me': { user15m: 75 },
  usage: { app15m: 50 },
  'media.upload': { app24h: 50_000, user15m: 500 },
  'media.status': { app24h: 100_000, user15m: 1000 },
  'media.initialize': { app24h: 180_000, user15m: 1875 },
  'media.append': { app24h: 180_000, user15m: 1875 },
  'media.finalize': { app24h: 180_000, user15m: 1875 },
  'media.metadata': { app24h: 50_000, user15m: 500 },
  'media.subtitles.create': { app24h: 10_000, user15m: 100 },
  'media.subtitles.delete': { app24h: 10_000, user15m: 100 },
};

interface Bucket {
  used: number;
  resetAt: number;
}

export interface LimitVerdict {
  allowed: boolean;
  headers: Record<string, string>;
}

/** Fixed windows, each opened by its first request. Failed calls count, too. */
export interface RateLimits {
  spend(
    operation: string,
    who: { userId: string | null; appId: string },
    now: number,
    settings: SimConfig['limits'],
  ): LimitVerdict;
  reset(): void;
}

export function createRateLimits(): RateLimits {
  const buckets = new Map<string, Bucket>();

  function open(key: string, windowMs: number, now: number): Bucket {
    const found = buckets.get(key);
    if (found !== undefined && found.resetAt > now) return found;
    const opened = { used: 0, resetAt: now + windowMs };
    buckets.set(key, opened);
    return opened;
  }

  return {
    spend(operation, who, now, settings) {
      const limit = settings.overrides[operation] ?? DOCUMENTED[operation];
      if (settings.mode === 'off' || limit === undefined) return { allowed: true, headers: {} };
      const headers: Record<string, string> = {};
      let allowed = true;
      for (const { name, owner, windowMs, header } of WINDOWS) {
        const max = limit[name];
        const ownerId = owner === 'user' ? who.userId : who.appId;
        if (max === undefined || ownerId === null) continue;
        const bucket = open(`${owner}:${ownerId}:${operation}:${name}`, windowMs, now);
        if (bucket.used >= max) allowed = false;
        else bucket.used += 1;
        // The user's short window hides the app's.
        if (header === undefined || `${header}limit` in headers) continue;
        headers[`${header}limit`] = String(max);
        headers[`${header}remaining`] = String(max - bucket.used);
        headers[`${header}reset`] = String(Math.ceil(bucket.resetAt / 1000));
      }
      return { allowed, headers: settings.headers === 'sent' ? headers : {} };
    },
    reset: () => buckets.clear(),
  };
}
