import type { StoreTrouble } from '@slipway/store';
import { Problem } from './problems.ts';

/** How long a caller is asked to wait before trying again, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** 503: nothing was read, or nothing was accepted. */
export function storeUnavailable(
  { reason }: StoreTrouble,
  cause: unknown,
  words?: { detail: string; hint: string },
): Problem {
  return new Problem('store_unavailable', {
    detail: `${reason} Nothing was changed.`,
    hint: 'Try again in a few seconds.',
    ...words,
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    cause,
  });
}
