import type { FaultInput } from '@slipway/local';

/**
 * The words of a campaign. A plan is plain JSON and follows from its options alone: it is logged, and run again from the log.
 * `atMs` and `sendAtMs` count from the start of the campaign.
 */

export const PROFILES = ['always', 'everysec', 'failover'] as const;
/**
 * What may be lost. `always`: nothing. `everysec`: Redis loses the end of its append-only file with a kill. `failover`: a replica
 * that lags behind takes over. In the last two, acknowledged posts may be lost and are counted; none may be doubled.
 */
export type Profile = (typeof PROFILES)[number];

export interface PlanOptions {
  seed: number;
  posts: number;
  /** How long posts are sent and faults injected; the time to settle comes on top. */
  minutes: number;
  profile: Profile;
  workers: number;
  /** Kinds of fault to leave out. */
  without: readonly string[];
  /** Settings of the workers and the API, over those of a campaign. */
  settings: Readonly<Record<string, string>>;
}

export interface Plan extends PlanOptions {
  version: 1;
  /** Users of X, by index. */
  usernames: string[];
  /** The account whose videos X never manages to process. */
  unluckyAccount: number;
  /** By how much the clock of each worker is off, in turn. */
  clockSkewMs: number[];
  load: PlannedPost[];
  faults: PlannedFault[];
}

/** What a post is bound to become. */
export const FATES = [
  'published',
  /** X refuses its text. */
  'refused',
  /** X fails to process its video. */
  'unprocessable',
  /** Its object is replaced in the middle of the upload. */
  'swapped',
  /** Its owner cancels it before its time. */
  'canceled',
] as const;
export type Fate = (typeof FATES)[number];

export interface PlannedPost {
  index: number;
  account: number;
  sendAtMs: number;
  /** From when it is sent; null for at once. */
  publishAfterMs: number | null;
  /** From when it is acknowledged; null for a post that is not canceled. */
  cancelAfterMs: number | null;
  /** What to do when its creation stays unclear; null for the default. */
  onUnknown: 'retry' | 'hold' | null;
  /** What to do when its time has passed. */
  ifLate: 'publish' | 'skip';
  words: string;
  media: PlannedMedia[];
  fate: Fate;
  /** What X does with the first creates of this post; empty for most. */
  createFaults: FaultInput['do'][];
}

export interface PlannedMedia {
  type: 'png' | 'jpeg' | 'webp' | 'gif' | 'video';
  seed: number;
  /** Of a video; no two of a campaign are alike. */
  totalBytes: number | null;
  altText: string | null;
  ifChanged: 'fail' | 'restart';
}

/** One TCP link of the installation. */
export type Link =
  | { from: 'caller'; to: 'api' }
  | { from: 'api'; to: 'redis' | 's3' }
  | { from: 'worker'; worker: number; to: 'redis' | 's3' | 'x' };

export type WorkerFault = {
  kind: 'worker.kill' | 'worker.pause' | 'worker.stop';
  /** A place in the fleet; whoever has it then is meant. */
  worker: number;
  /** Wait until some worker is seen at this, and take that one instead. */
  aim: 'append' | 'publish' | null;
};
export type ApiFault = { kind: 'api.kill' | 'api.pause' };
export type RedisFault =
  | { kind: 'redis.kill' | 'redis.restart' | 'redis.pause' }
  /** Every job is gone, the records stay. */
  | { kind: 'redis.lose_queue' }
  /** What is written in the last `loseMs` before the end of the server is acknowledged, and lost. */
  | { kind: 'redis.cut_tail' | 'redis.failover'; loseMs: number };
export type LinkFault = { link: Link } & (
  | { kind: 'link.cut' | 'link.freeze' | 'link.refuse' }
  | { kind: 'link.delay'; delayMs: number }
  | { kind: 'link.reset_after'; bytes: number; direction: 'up' | 'down'; times: number }
  | { kind: 'link.drop_answers'; times: number }
);
/** What X is told to do, for one account or for all. */
export interface XFault {
  kind: `x.${string}`;
  account: number | null;
  operation: string;
  times: number | 'always';
  effect: FaultInput['do'] | { rateLimit: { resetAfterMs: number } };
}

export type Fault = WorkerFault | ApiFault | RedisFault | LinkFault | XFault;
/** `forMs`: how long it lasts; 0 for what happens in an instant. */
export type PlannedFault = { id: number; atMs: number; forMs: number } & Fault;

/** As in the texts of its posts: who posted it, and which one it is. `try` counts how often it was sent. */
export function tokenOf(seed: number, post: number, attempt: number): string {
  return `${tokenStem(seed, post)}${attempt}]`;
}

/** What all tries of one post have in their texts, and nothing else has. */
export function tokenStem(seed: number, post: number): string {
  return `[${seed.toString(36)}.${post}.`;
}

export function readToken(text: string): string | undefined {
  return /\[[0-9a-z]+\.\d+\.\d+\]/.exec(text)?.[0];
}
