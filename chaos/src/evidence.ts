import type { Ledger } from '@slipway/local';
import type { PostView } from './api-client.ts';
import type { Plan } from './plan/vocabulary.ts';
import type { SeenEvent } from './subscriber.ts';

/** One request that was sent to the API, and what came of it. */
export interface Submission {
  post: number;
  token: string;
  text: string;
  /** `unclear`: no answer, or one that does not tell whether the post was accepted. */
  outcome: 'acknowledged' | 'unclear';
  /** Known when it was acknowledged. */
  id: string | null;
}

/** What subscribers were told of a post, and what the API tells of it when all is over. */
export interface EventEvidence {
  seen: readonly SeenEvent[];
  told: readonly SeenEvent[];
  /** The subscriber was told that nothing more will come. */
  ended: boolean;
}

/** Something that was done to a process or a link, in epoch ms of this machine. */
export interface Disturbance {
  fault: string;
  from: number;
  to: number;
  /** Null when it concerns all. */
  worker: string | null;
}

/** A storm of 429s, as it was let loose on one account. */
export interface Storm {
  account: number;
  from: number;
  to: number;
  resetAfterMs: number;
  rejected: number;
}

/** All that is known from the outside when a campaign is over. */
export interface Evidence {
  plan: Plan;
  submissions: readonly Submission[];
  /** All posts that the API lists. */
  posts: readonly PostView[];
  ledger: Ledger;
  /** By post: for each media item, the hashes of what its object was, from first to last. */
  hashes: ReadonlyMap<number, readonly (readonly string[])[]>;
  /** By post id. */
  events: ReadonlyMap<string, EventEvidence>;
  disturbances: readonly Disturbance[];
  storms: readonly Storm[];
  /** Appends whose answers X was told to lose, and that therefore came twice. */
  appendsLost: number;
  /** Workers that were told to stop and did not end. */
  neverStopped: readonly string[];
}

export interface Violation {
  /** As numbered in the README of this package. */
  invariant: 1 | 2 | 3 | 4 | 5 | 6 | 7;
  rule: string;
  detail: string;
  token: string | null;
  postId: string | null;
}
