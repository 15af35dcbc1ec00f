/** One quota window as X reports it in headers. Any part may be missing. */
export interface RateWindow {
  limit?: number;
  remaining?: number;
  /** Epoch milliseconds. */
  resetAt?: number;
}

/** The windows a response spoke of. `window` is the 15-minute one; the others span 24 hours. */
export interface RateLimits {
  window?: RateWindow;
  app24h?: RateWindow;
  user24h?: RateWindow;
}

/** One entry of a response's `errors`: part of an answer that X could not give (a 200 may carry both). */
export interface XProblem {
  /** Last path segment of the problem's type, e.g. `resource-not-found`; the host of the type varies. */
  slug?: string;
  title?: string;
  detail?: string;
  /** Legacy numeric code. */
  legacyCode?: number;
  parameter?: string;
  value?: string;
  resourceType?: string;
  resourceId?: string;
}

/** What is worth keeping of a response besides its data. */
export interface XResponse {
  /** Method and path template, e.g. `POST /2/media/upload/{id}/append`: rate limits are counted per endpoint. */
  endpoint: string;
  status: number;
  rateLimits: RateLimits;
  /** When X answered, by its own clock, in epoch milliseconds of whole seconds: what a reset is to be measured from. */
  date?: number;
  transactionId?: string;
  /** Version of the API description that is live, e.g. `2.164`. */
  apiVersion?: string;
  /** `read`, `read-write` or `read-write-directmessages`. */
  accessLevel?: string;
}

export interface XResult<T> {
  data: T;
  partialErrors: XProblem[];
  response: XResponse;
}

export interface CallOptions {
  /** Aborting rejects the call with code `aborted`. */
  signal?: AbortSignal;
  /** Covers the whole call, connecting and reading the response included. Defaults: see {@link Timeouts}. */
  timeoutMs?: number;
}

/** Milliseconds. */
export interface Timeouts {
  /** TCP and TLS together. Default 10,000. Applies to connections this client opens itself. */
  connectMs: number;
  /** Every call without a figure of its own. Default 30,000. */
  callMs: number;
  /** `media.append` and `media.upload`, which carry bytes. Default 120,000. */
  uploadMs: number;
  /** `posts.create`. Default 30,000. */
  createPostMs: number;
  /** `oauth2.*`. Generous, as a lost refresh answer costs the account its connection. Default 60,000. */
  tokenMs: number;
}
