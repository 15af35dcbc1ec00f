import type { MediaProcessing } from '@slipway/x-media';
import type { ProcessingReport } from '../core/index.ts';

/** What X is taken to mean when it gives no lifetime. Source: X docs, the usual answer to finalize. */
const USUAL_LIFETIME_MS = 24 * 60 * 60_000;

export function expiryOf(now: number, expiresAfterSecs: number | undefined): number {
  return now + (expiresAfterSecs === undefined ? USUAL_LIFETIME_MS : expiresAfterSecs * 1000);
}

export function reportOf(processing: MediaProcessing | undefined): ProcessingReport | null {
  if (!processing) return null;
  const { state, checkAfterSecs, progressPercent, error } = processing;
  return {
    state,
    checkAfterMs: checkAfterSecs === undefined ? null : checkAfterSecs * 1000,
    progressPercent: progressPercent ?? null,
    error: error ? { name: error.name ?? null, message: error.message ?? null } : null,
  };
}
