import type { Endpoint } from './endpoints.ts';
import type { ErrorBody } from './error-body.ts';
import type { Reach, RetryAdvice, XErrorCode } from './errors.ts';

/** Statuses by which X says that a post was not created, provided that X itself says so. */
const DEFINITE_REFUSALS = new Set([400, 401, 402, 403, 404, 413, 422, 429]);

export function codeOfStatus(status: number, body: ErrorBody): XErrorCode {
  if (isSpentGrant(status, body)) return 'invalid_grant';
  switch (status) {
    case 400:
    case 422:
      return 'bad_request';
    case 401:
      return 'unauthorized';
    case 402:
      return 'credits_depleted';
    case 403:
      return 'forbidden';
    case 404:
      return 'not_found';
    case 413:
      return 'payload_too_large';
    case 429:
      return body.slug === 'usage-capped' || body.title === 'UsageCapExceeded'
        ? 'usage_capped'
        : 'rate_limited';
    case 431:
      return 'headers_too_large';
    case 408:
      return 'server_error';
    default:
      return status >= 500 && status <= 599 ? 'server_error' : 'unexpected_status';
  }
}

/** X has answered `invalid_request`, with these words, where RFC 6749 asks for `invalid_grant`; accept both. */
function isSpentGrant(status: number, { oauthError, messages }: ErrorBody): boolean {
  if (oauthError === 'invalid_grant') return true;
  return (
    status === 400 &&
    oauthError === 'invalid_request' &&
    messages.some((message) => /\b(token|code) was invalid/i.test(message))
  );
}

export interface Occurrence {
  code: XErrorCode;
  endpoint: Endpoint;
  reach: Reach;
  /** Whether a fresh access token could cure a 401. */
  refreshable: boolean;
  status?: number | undefined;
  fromX?: boolean | undefined;
  /** Epoch milliseconds at which X said to come back. */
  resetAt?: number | undefined;
}

export function adviseRetry(occurrence: Occurrence): RetryAdvice {
  const { code, endpoint, reach, resetAt } = occurrence;
  if (code === 'invalid_input') return { advice: 'never' };
  if (reach === 'not_sent') return { advice: 'backoff' };
  if (endpoint.publishes === true && !isDefiniteRefusal(occurrence)) return { advice: 'reconcile' };
  switch (code) {
    case 'unauthorized':
      return { advice: occurrence.refreshable ? 'refresh_token' : 'never' };
    case 'not_found':
      return { advice: occurrence.status === 404 ? endpoint.on404 : 'never' };
    case 'rate_limited':
    case 'server_error':
      return resetAt === undefined ? { advice: 'backoff' } : { advice: 'after_reset', at: resetAt };
    case 'not_sent':
    case 'connection':
    case 'timeout':
    case 'aborted':
    case 'source_error':
    case 'invalid_response':
      return { advice: 'backoff' };
    case 'bad_request':
    case 'invalid_grant':
    case 'credits_depleted':
    case 'forbidden':
    case 'payload_too_large':
    case 'headers_too_large':
    case 'usage_capped':
    case 'unexpected_status':
      return { advice: 'never' };
  }
}

/** 413 and 431 are answered before a request is read, by whatever answers them. */
function isDefiniteRefusal({ status, fromX }: Occurrence): boolean {
  if (status === undefined) return false;
  return status === 413 || status === 431 || (fromX === true && DEFINITE_REFUSALS.has(status));
}
