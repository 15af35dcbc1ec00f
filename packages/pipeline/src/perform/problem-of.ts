import { type RateWindow, type XError, type XResponse, isXError } from '@slipway/x-media';
import { type Problem, WINDOW_MS, type XProblem, resetInMs } from '../core/index.ts';
import { SourceError } from './source-error.ts';

/** When an answer came: by our clock, and by X's own where it said so. */
interface Moment {
  now: number;
  answer: Pick<XResponse, 'date'> | null;
}

/**
 * An effect's error as plain data for the failure table; null for an error that no effect should throw. X's resets are told by our
 * clock.
 */
export function problemOf(error: unknown, moment: Moment): Problem | null {
  if (error instanceof SourceError) return { from: 's3', code: error.code, message: error.message };
  if (!isXError(error)) return null;
  // The body of a request is a stream from the store: its failure is the store's, though X's client reports it.
  if (error.code === 'source_error' && error.cause instanceof SourceError)
    return problemOf(error.cause, moment);
  if (error.code === 'invalid_input') {
    const hint =
      'Nothing was sent: X is known to refuse this. If the request looks right, report it as a defect.';
    return { from: 'slipway', code: 'internal', message: error.message, hint };
  }
  return xProblemOf(error, moment);
}

function spent(window: RateWindow | undefined): RateWindow | undefined {
  return window?.remaining === 0 ? window : undefined;
}

function xProblemOf({ details, cause, message }: XError, { now, answer }: Moment): Problem {
  const { window, app24h, user24h } = details.rateLimits;
  const limitOf = (window: RateWindow | undefined, windowMs: number): XProblem['limits'] =>
    window ? [{ remaining: window.remaining ?? null, resetAt: resetOf(window, windowMs) }] : [];
  const resetOf = ({ resetAt }: RateWindow, windowMs: number): number | null => {
    const inMs = resetAt === undefined ? null : resetInMs(resetAt, { date: answer?.date, now, windowMs });
    return inMs === null ? null : now + inMs;
  };
  // A status without X's own body is the word of something in front of X: it decides nothing.
  const words = details.fromX ? details.messages : [];
  return {
    from: 'x',
    reach: details.reach,
    status: details.status ?? null,
    messages: words.length > 0 || !details.fromX || !details.title ? words : [details.title],
    slug: details.problemSlug ?? null,
    legacyCodes: details.legacyCodes,
    // A day's window explains a refusal only where it is spent; nobody waits a day for one that is not.
    limits: [
      ...limitOf(window, WINDOW_MS.user15m),
      ...limitOf(spent(app24h), WINDOW_MS.app24h),
      ...limitOf(spent(user24h), WINDOW_MS.user24h),
    ],
    cause: cause instanceof Error ? cause.message || cause.name : message,
  };
}
