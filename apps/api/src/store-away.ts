import { Problem } from './problems.ts';

/** How long a caller is asked to wait before trying again, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/** Refusals by which a Redis that answers says that it cannot serve now; the write surely did not happen. */
const REFUSALS =
  /^(?:LOADING|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|NOREPLICAS|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/;
const NEVER_SENT = /enableOfflineQueue options is false/;
const CONNECTION_LOST =
  /^(?:Connection is closed|Command timed out|Socket closed|All sentinels are unreachable)/;
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Whether an error says that Redis is away, and if so whether a write that met it may have happened all the same. */
export function judgeStoreError(error: unknown): 'not_written' | 'maybe_written' | null {
  if (!(error instanceof Error)) return null;
  if (REFUSALS.test(error.message) || NEVER_SENT.test(error.message)) return 'not_written';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isAway =
    error.name === 'MaxRetriesPerRequestError' ||
    CONNECTION_LOST.test(error.message) ||
    NETWORK_CODES.has(code);
  if (isAway) return code === 'ECONNREFUSED' ? 'not_written' : 'maybe_written';
  return error.cause === undefined ? null : judgeStoreError(error.cause);
}

/** 503: nothing was read, or nothing was accepted. */
export function storeUnavailable(cause: unknown, words?: { detail: string; hint: string }): Problem {
  return new Problem('store_unavailable', {
    detail: 'Redis does not answer. Nothing was changed.',
    hint: 'Try again in a few seconds.',
    ...words,
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    cause,
  });
}
