import { WINDOW_MS, type WindowName } from './tiers.ts';

/** The limits of an answer, as the client reads them; instants in epoch ms by X's clock. */
interface AnswerLimits {
  status: number;
  rateLimits: Partial<Record<'window' | 'app24h' | 'user24h', ReportedWindow>>;
  /** X's clock when it answered. */
  date?: number;
}

interface ReportedWindow {
  limit?: number;
  remaining?: number;
  resetAt?: number;
}

/** What X said of one window. */
export interface RateReport {
  window: WindowName;
  limit: number | null;
  remaining: number | null;
  /** From now until the window opens anew; null where X did not say, or named an instant that has passed. */
  resetInMs: number | null;
  /** Nothing goes until then: X has refused a call for it. */
  shut: boolean;
}

/**
 * How long until a reset, by X's own clock where the answer has its date: neither ours nor that of a server in another room matters
 * then. Never longer than the window is; null for one that has passed.
 */
export function resetInMs(
  resetAt: number,
  { date, now, windowMs }: { date: number | undefined; now: number; windowMs: number },
): number | null {
  const inMs = resetAt - (date ?? now);
  return inMs > 0 ? Math.min(inMs, windowMs) : null;
}

/**
 * What an answer says of X's windows. A refusal for a limit shuts those that are spent; the 15-minute one where none is said to be;
 * and where there is no word of it at all (`blind`) somebody has to guess. Source: X docs, rate limits.
 */
export function reportsOf(
  { status, rateLimits, date }: AnswerLimits,
  now: number,
): { reports: RateReport[]; blind: boolean } {
  const named = [
    ['user15m', rateLimits.window],
    ['user24h', rateLimits.user24h],
    ['app24h', rateLimits.app24h],
  ] as const;
  const all = named.flatMap(([window, said]) => (said ? [reportOf(window, said, date, now)] : []));
  if (status !== 429) return { reports: all, blind: false };
  const timed = all.filter((report) => report.resetInMs !== null);
  const spent = timed.filter(({ remaining }) => remaining === 0);
  const shut = spent.length > 0 ? spent : timed.filter(({ window }) => window === 'user15m');
  return {
    reports: all.map((report) => ({ ...report, shut: shut.includes(report) })),
    blind: shut.length === 0,
  };
}

function reportOf(
  window: WindowName,
  { limit, remaining, resetAt }: ReportedWindow,
  date: number | undefined,
  now: number,
): RateReport {
  const inMs = resetAt === undefined ? null : resetInMs(resetAt, { date, now, windowMs: WINDOW_MS[window] });
  // A window that is over says nothing of the present one.
  const isOver = resetAt !== undefined && inMs === null;
  return {
    window,
    limit: limit ?? null,
    remaining: isOver ? null : (remaining ?? null),
    resetInMs: inMs,
    shut: false,
  };
}
