import type { RateLimits, RateWindow } from './result.ts';

/** A header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

/** Any header may be missing: refusals by X's gateway carry none. Resets come in epoch seconds. */
export function readRateLimits(header: ReadHeader): RateLimits {
  const limits: RateLimits = {};
  const window = readWindow(header, 'x-rate-limit');
  const app24h = readWindow(header, 'x-app-limit-24hour');
  const user24h = readWindow(header, 'x-user-limit-24hour');
  if (window !== undefined) limits.window = window;
  if (app24h !== undefined) limits.app24h = app24h;
  if (user24h !== undefined) limits.user24h = user24h;
  return limits;
}

/**
 * When a refused call may be tried again, in epoch milliseconds: the latest reset among exhausted windows, else
 * the 15-minute reset; undefined if neither lies ahead. The 15-minute window can be nearly full while a 24-hour
 * one is spent.
 */
export function nextResetAt(limits: RateLimits, now: number): number | undefined {
  const windows = [limits.window, limits.app24h, limits.user24h];
  const exhausted = windows.flatMap((window) =>
    window?.remaining === 0 && window.resetAt !== undefined && window.resetAt > now ? [window.resetAt] : [],
  );
  if (exhausted.length > 0) return Math.max(...exhausted);
  const resetAt = limits.window?.resetAt;
  return resetAt !== undefined && resetAt > now ? resetAt : undefined;
}

function readWindow(header: ReadHeader, prefix: string): RateWindow | undefined {
  const limit = readCount(header(`${prefix}-limit`));
  const remaining = readCount(header(`${prefix}-remaining`));
  const resetSecs = readCount(header(`${prefix}-reset`));
  const window: RateWindow = {};
  if (limit !== undefined) window.limit = limit;
  if (remaining !== undefined) window.remaining = remaining;
  if (resetSecs !== undefined) window.resetAt = resetSecs * 1000;
  return Object.keys(window).length > 0 ? window : undefined;
}

function readCount(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,12}$/.test(value.trim()) ? Number(value) : undefined;
}
