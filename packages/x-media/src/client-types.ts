import type { Dispatcher } from 'undici';
import type { XCredentials } from './credentials.ts';
import type { MediaCalls } from './media-types.ts';
import type { OAuth2Calls } from './oauth2-types.ts';
import type { PostCalls } from './post-types.ts';
import type { CallOptions, Timeouts, XResponse, XResult } from './result.ts';
import type { Usage, UsageInput, UserCalls } from './user-types.ts';

export interface XClientOptions {
  /** Default `https://api.x.com`. */
  baseUrl?: string;
  /** Page the user authorizes at. Default `https://x.com/i/oauth2/authorize`. */
  authorizeUrl?: string;
  /** Default `slipway-x-media`. */
  userAgent?: string;
  /** undici dispatcher for all calls; it must not retry. It stays yours to close. Default: agents of our own. */
  dispatcher?: Dispatcher;
  /** Dispatcher for `posts.create` alone. Default: `dispatcher` if given, else an agent that reuses no connection. */
  createPostDispatcher?: Dispatcher;
  timeouts?: Partial<Timeouts>;
  /** Clock, epoch milliseconds. Default `Date.now`. */
  now?: () => number;
}

/** Calls made as one account. Methods reject with `XError` and nothing else. */
export interface XAccountClient {
  media: MediaCalls;
  posts: PostCalls;
  users: UserCalls;
  /** App-only credentials. */
  usage: (input?: UsageInput, call?: CallOptions) => Promise<XResult<Usage>>;
}

export interface AccountOptions {
  /**
   * Hears of every answer before its call ends, refusals and answers that make no sense included; a call without an answer says
   * nothing. Must not throw.
   *
   * @example
   * const x = client.as(credentials, { onResponse: ({ endpoint, rateLimits }) => windows.set(endpoint, rateLimits) });
   */
  onResponse?: (response: XResponse) => void;
}

export interface XClient {
  /** Cheap and without state: make one per call if you like. Connections are shared by all accounts. */
  as: (credentials: XCredentials, options?: AccountOptions) => XAccountClient;
  oauth2: OAuth2Calls;
  /** Waits for calls in flight and closes the connections this client opened. */
  close: () => Promise<void>;
}
