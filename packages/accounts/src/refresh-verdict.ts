import type { BlockCause } from '@slipway/pipeline/core';
import type { XErrorDetails } from '@slipway/x-media';

/** What follows from a refresh that X did not answer with tokens. */
export interface RefreshVerdict {
  /** Nobody asks again before this has passed. */
  againInMs: number;
  /** What keeps the account from posting until then; null: nothing, while its token lives or the next try is near. */
  block: { cause: BlockCause; forMs: number | null } | null;
  detail: string;
}

const MINUTE_MS = 60_000;
/** What has a block is kept from being asked again by that; this is for those who asked at the same moment. */
const SAME_MOMENT_MS = 2_000;
const FIRST_BACKOFF_MS = 2_000;
/** After so many failures in a row the account is shown as blocked, and asked for no more than every quarter of an hour. */
const BACKOFFS = 5;
export const INCIDENT_MS = 15 * MINUTE_MS;

/**
 * Source: what is known of X's token endpoint. Only X's own word that the token is spent, revoked or unknown makes an account need
 * its owner; a refusal of our client concerns the app; anything else passes, and the same refresh token is good for the next try.
 */
export function judgeRefresh(
  error: { details: XErrorDetails; message: string },
  { failures, jitter, now }: { failures: number; jitter: number; now: number },
): RefreshVerdict {
  const { details } = error;
  const words = details.messages.join(' ') || details.title || error.message;
  if (details.code === 'invalid_grant') {
    return {
      againInMs: SAME_MOMENT_MS,
      block: { cause: 'needs_reconnect', forMs: null },
      detail: `X does not take the refresh token any more (${words}). It was revoked, it was used elsewhere, or X's answer to the last refresh was lost. Connect the account again.`,
    };
  }
  if (isAboutOurClient(details)) {
    return {
      againInMs: SAME_MOMENT_MS,
      block: { cause: 'app_refused', forMs: null },
      detail: `X refuses the app itself (${words}). Check SLIPWAY_X_CLIENT_ID and SLIPWAY_X_CLIENT_SECRET, and that the app is active at X, then release it; the accounts need not be connected again.`,
    };
  }
  const isRefusal = details.status === 401 || details.status === 403 || details.status === 400;
  if (isRefusal || failures >= BACKOFFS) {
    return {
      againInMs: SAME_MOMENT_MS,
      block: { cause: 'unauthorized', forMs: INCIDENT_MS },
      detail: `X gives no fresh token (${words}). This may be an incident at X; it is tried again by itself.`,
    };
  }
  const resetInMs = (details.retry.at ?? 0) - now;
  const backoffMs = FIRST_BACKOFF_MS * 2 ** failures * (0.5 + jitter);
  return {
    againInMs: Math.round(resetInMs > 0 ? Math.min(resetInMs + 1_000, INCIDENT_MS) : backoffMs),
    block: null,
    detail: `X could not be asked for a fresh token (${words}).`,
  };
}

/** A wrong or missing client secret, an unknown client id, or an app that was suspended or deleted. */
function isAboutOurClient({ oauthError, problemSlug, status }: XErrorDetails): boolean {
  if (oauthError === 'unauthorized_client' || oauthError === 'invalid_client') return true;
  return status === 403 && (problemSlug === 'client-forbidden' || problemSlug === 'client-not-enrolled');
}
