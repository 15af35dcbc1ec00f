import type { XCredentials } from '@slipway/x-media';
import type { Waiting } from './core/index.ts';

/** An X user that Slipway posts as. */
export interface Account {
  id: string;
  username: string;
  xUserId: string;
  /** Names the X app that its credentials are for. */
  app: string;
}

/** What the pipeline needs of accounts. */
export interface Accounts {
  /** Null for an account that is not known (any more). */
  find(id: string): Promise<Account | null>;
  /** Credentials that are good now as far as is known, refreshed first where need be; or why there are none, and until when to wait. */
  credentialsOf(id: string): Promise<{ credentials: XCredentials } | { waiting: Waiting }>;
  /** X answered 401 to these: the next `credentialsOf` refreshes first, once. */
  refused(id: string, credentials: XCredentials): Promise<void>;
}
