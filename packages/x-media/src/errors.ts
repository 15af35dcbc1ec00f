import type { RateLimits } from './result.ts';

/** Every code an {@link XError} can have. Closed: additions are a minor release, removals a major one. */
export const X_ERROR_CODES = [
  // Refused here: a value X is known to reject; nothing was sent.
  'invalid_input',
  // Never reached X: DNS, TCP or TLS failed before any byte of the request was written.
  'not_sent',
  // Reset or closed after bytes may have been written.
  'connection',
  'timeout',
  'aborted',
  // The stream of media bytes failed, or gave more or fewer bytes than promised. `cause` has its own error.
  'source_error',
  'bad_request',
  // The token endpoint says that the code or refresh token is spent, revoked or unknown.
  'invalid_grant',
  'unauthorized',
  'credits_depleted',
  'forbidden',
  'not_found',
  'payload_too_large',
  'headers_too_large',
  'rate_limited',
  // A cap on the app's plan, not a window: waiting minutes will not help.
  'usage_capped',
  // 5xx and 408.
  'server_error',
  'unexpected_status',
  // 2xx without what it must carry, e.g. a created post without an id.
  'invalid_response',
] as const;

export type XErrorCode = (typeof X_ERROR_CODES)[number];

/**
 * What is known about the request's fate: `not_sent` no byte was written; `unknown` some may have been and no
 * answer came; `answered` a response came. An answer is not always a decision: see {@link XErrorDetails.retry}.
 */
export type Reach = 'not_sent' | 'unknown' | 'answered';

/**
 * - `never`: the same call will fail again (or needs a person: credits, caps, permissions)
 * - `backoff`: repeating is safe and may help
 * - `after_reset`: repeat at `at` (epoch ms), with a little jitter
 * - `refresh_token`: refresh the access token, then repeat once
 * - `reconcile`: the post may exist; look for it before trying again
 */
export interface RetryAdvice {
  advice: 'never' | 'backoff' | 'after_reset' | 'refresh_token' | 'reconcile';
  /** Epoch milliseconds. */
  at?: number;
}

/** Plain JSON, free of credentials: safe to store and to log. */
export interface XErrorDetails {
  code: XErrorCode;
  /** Method and path template, e.g. `POST /2/media/upload/{id}/append`. */
  endpoint: string;
  reach: Reach;
  retry: RetryAdvice;
  status?: number;
  /** X's own words, in order, without repeats. Empty when X said nothing. */
  messages: string[];
  title?: string;
  /** Last path segment of the problem type, e.g. `credits`, `usage-capped`, `client-forbidden`. */
  problemSlug?: string;
  /** X's `reason` beside a problem, e.g. `client-not-enrolled`. */
  reason?: string;
  /** OAuth `error` of the token endpoint, e.g. `invalid_request`. */
  oauthError?: string;
  /** Legacy numeric codes, e.g. 187 for a duplicate. */
  legacyCodes: number[];
  /** Offending parameters by name, as X lists them. */
  parameters: Record<string, string[]>;
  rateLimits: RateLimits;
  /** Whether the body or headers show that X itself answered, rather than something in front of it. */
  fromX: boolean;
  transactionId?: string;
  /** Input field, for `invalid_input`. */
  field?: string;
  /** First 500 characters of a body that is none of X's known shapes. Never of the token endpoint. */
  bodySnippet?: string;
}

/**
 * The one error this package throws (programming errors in options aside). `cause` is the underlying error:
 * undici's, the media stream's own, or the abort reason.
 *
 * @example
 * try {
 *   await x.posts.create({ text: 'hello' });
 * } catch (error) {
 *   if (isXError(error) && error.details.retry.advice === 'reconcile') await findThePost();
 *   else throw error;
 * }
 */
export class XError extends Error {
  override readonly name = 'XError';
  readonly code: XErrorCode;
  readonly details: XErrorDetails;

  /** `explanation` completes the message where X itself said nothing. */
  constructor(details: XErrorDetails, options: ErrorOptions & { explanation?: string } = {}) {
    const { explanation, ...rest } = options;
    super(describe(details, explanation), rest);
    this.code = details.code;
    this.details = details;
  }
}

/** True for this package's errors, also across two copies of it. */
export function isXError(error: unknown): error is XError {
  return error instanceof Error && error.name === 'XError' && 'details' in error;
}

function describe({ endpoint, code, status, messages }: XErrorDetails, explanation?: string): string {
  const why = messages[0] ?? explanation;
  return `${endpoint}: ${code}${status === undefined ? '' : ` (${status})`}${why === undefined ? '' : `: ${why}`}`;
}
