import type { XResponse } from '@slipway/x-media';
import type { AppRefusal, Endpoint, Waiting } from './core/index.ts';

/** A call to X that is about to be made. */
export interface QuotaCall {
  accountId: string;
  /** The X app that the account's credentials are for. */
  app: string;
  endpoint: Endpoint;
  /** What X will charge for it, in micro-dollars. */
  costMicroUsd: number;
  /** Epoch ms; the month that it is paid in. */
  at: number;
  /** Made whatever keeps the account from posting, and paid whatever the budget is: a post that may be on X has to be found. */
  isLook: boolean;
}

/** What came of a call. */
export interface Settlement {
  /**
   * - `done`: and billed
   * - `refused`: surely not done, and not billed; it counts all the same
   * - `not_sent`: X has not seen it
   * - `unknown`: it may have been done: it stays counted and paid
   */
  outcome: 'done' | 'refused' | 'not_sent' | 'unknown';
  answer: XResponse | null;
  /** X takes no call of this app any more. */
  appRefusal: AppRefusal | null;
}

/** X's limits and the money, as all workers share them. */
export interface Quota {
  /** Takes one from each window that the call counts in, and its cost; or takes nothing and says why and until when to wait. */
  take(call: QuotaCall): Promise<Waiting | null>;
  /** Never rejects: what could not be noted of a call stays as it was taken. */
  settle(call: QuotaCall, settlement: Settlement): Promise<void>;
}
