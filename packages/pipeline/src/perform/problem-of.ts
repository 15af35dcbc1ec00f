import { type RateWindow, type XError, isXError } from '@slipway/x-media';
import type { Problem } from '../core/index.ts';
import { SourceError } from './source-error.ts';

/** An effect's error as plain data for the failure table; null for an error that no effect should throw. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof SourceError) return { from: 's3', code: error.code, message: error.message };
  if (!isXError(error)) return null;
  // The body of a request is a stream from the store: its failure is the store's, though X's client reports it.
  if (error.code === 'source_error' && error.cause instanceof SourceError) return problemOf(error.cause);
  if (error.code === 'invalid_input') {
    const hint =
      'Nothing was sent: X is known to refuse this. If the request looks right, report it as a defect.';
    return { from: 'slipway', code: 'internal', message: error.message, hint };
  }
  return xProblemOf(error);
}

function spent(window: RateWindow | undefined): RateWindow | undefined {
  return window?.remaining === 0 ? window : undefined;
}

function xProblemOf({ details, cause, message }: XError): Problem {
  const { window, app24h, user24h } = details.rateLimits;
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
    limits: [window, spent(app24h), spent(user24h)].flatMap((limit) =>
      limit ? [{ remaining: limit.remaining ?? null, resetAt: limit.resetAt ?? null }] : [],
    ),
    cause: cause instanceof Error ? cause.message || cause.name : message,
  };
}
