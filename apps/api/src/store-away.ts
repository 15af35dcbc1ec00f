import type { StoreTrouble } from '@slipway/store';
import { Problem } from './problems.ts';

/** How long a caller is asked to wait before trying again, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** 503: nothing was read, or nothing was accepted; or it is not known whether it was, and that is said. */
export function storeUnavailable(
  { reason, maybeWritten }: StoreTrouble,
  cause: unknown,
  words = maybeWritten
    ? {
        detail: `${reason} What was asked for may have been done all the same.`,
        hint: 'Send the same request again once this passes: what was done is not done twice.',
      }
    : { detail: `${reason} Nothing was changed.`, hint: 'Try again in a few seconds.' },
): Problem {
  return new Problem('store_unavailable', {
    ...words,
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    cause,
  });
}
