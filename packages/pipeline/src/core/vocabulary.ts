import type { BlockCause } from './account.ts';

/**
 * The words of Slipway. Everything here is plain JSON: it is stored, compared and folded, never mutated.
 * All instants are epoch milliseconds (UTC), all sizes bytes, all ids strings.
 */

export const STATUSES = [
  'scheduled',
  'staging',
  'staged',
  'publishing',
  'published',
  'failed',
  'canceled',
  'missed',
  'unconfirmed',
] as const;
export type Status = (typeof STATUSES)[number];

/** Statuses that nothing leaves by itself. `unconfirmed` is one: a person decides. */
export const TERMINAL_STATUSES = [
  'published',
  'failed',
  'canceled',
  'missed',
  'unconfirmed',
] as const satisfies readonly Status[];

export function isTerminal(status: Status): boolean {
  return (TERMINAL_STATUSES as readonly Status[]).includes(status);
}

export const WAITING_REASONS = [
  'schedule',
  'processing',
  'rate_limit',
  'backoff',
  'credits',
  'account',
  'x_incident',
  'confirming',
  'paused',
] as const;
export type WaitingReason = (typeof WAITING_REASONS)[number];

/** Why, and until when, a post is not being worked on; `detail` carries X's own words where X spoke. */
export interface Waiting {
  reason: WaitingReason;
  /** Null: until somebody releases its account. */
  until: number | null;
  detail: string | null;
  /** What keeps its account from posting, where that is why. */
  cause?: BlockCause;
  /** The X app that it comes from, where it keeps all accounts of that from posting. */
  app?: string;
}

export const STEPS = [
  'inspect',
  'upload_once',
  'initialize',
  'append',
  'finalize',
  'processing',
  'describe',
  'ready',
] as const;
/** Where a media item stands. */
export type MediaStep = (typeof STEPS)[number];
/** Where a failure happened: at a step of a media item, at the creation of the post, or at the look whether it was created. */
export const FAILURE_STEPS = [
  'inspect',
  'upload_once',
  'initialize',
  'append',
  'finalize',
  'processing',
  'describe',
  'publish',
  'confirm',
] as const satisfies readonly (MediaStep | 'publish' | 'confirm')[];
export type FailureStep = (typeof FAILURE_STEPS)[number];

/** When it stays unknown whether X has made the post: create it once more, or leave it to a person. */
export const ON_UNKNOWN = ['retry', 'hold'] as const;
export type OnUnknown = (typeof ON_UNKNOWN)[number];

/** When the time of a post has passed, during an outage for instance: post it late, or not at all. */
export const IF_LATE = ['publish', 'skip'] as const;
export type IfLate = (typeof IF_LATE)[number];

export const MEDIA_CATEGORIES = ['tweet_image', 'tweet_gif', 'tweet_video', 'amplify_video'] as const;
export type MediaCategory = (typeof MEDIA_CATEGORIES)[number];

export const MEDIA_TYPES = [
  'image/jpeg',
  'image/png',
  'image/webp',
  'image/gif',
  'video/mp4',
  'video/quicktime',
] as const;
/** The types that X documents for posts and that are proven to work. */
export type MediaType = (typeof MEDIA_TYPES)[number];

export const REPLY_SETTINGS = ['following', 'mentionedUsers', 'subscribers', 'verified'] as const;
export type ReplySettings = (typeof REPLY_SETTINGS)[number];

/** One S3 object of a post, as its caller named it. */
export interface MediaRequest {
  bucket: string;
  key: string;
  versionId: string | null;
  altText: string | null;
  /** Chosen by the caller; null lets Slipway choose by type. */
  category: MediaCategory | null;
  /** What to do when the object changes under an upload. */
  ifChanged: 'fail' | 'restart';
}

/** X's own options for a post, in X's meaning; absent means X's default. */
export interface PostOptions {
  replySettings?: ReplySettings;
  madeWithAi?: boolean;
  paidPartnership?: boolean;
  inReplyToPostId?: string;
  taggedUserIds?: string[];
  communityId?: string;
  shareWithFollowers?: boolean;
  forSuperFollowersOnly?: boolean;
  nullcast?: boolean;
  placeId?: string;
}

/** A local time as its owner gave it, such as 2026-12-01T09:00 in Europe/Berlin. */
export interface LocalTime {
  local: string;
  timeZone: string;
}

/** What the owner of a post may change of it until it is being published. */
export const EDITABLE_FIELDS = ['text', 'media', 'options', 'publishAt', 'ifLate', 'onUnknown'] as const;
export type EditableField = (typeof EDITABLE_FIELDS)[number];

/** What a caller asked for. Changed by its owner alone, never by the pipeline. */
export interface PostRequest {
  id: string;
  accountId: string;
  text: string;
  media: MediaRequest[];
  options: PostOptions;
  /** The instant to publish at; equal to `createdAt` when the caller asked for "now". */
  publishAt: number;
  /** What `publishAt` was given as, where that was a local time or a slot of the account's calendar. */
  publishLocal?: LocalTime;
  /** How long before `publishAt` work on it begins. Absent: as short as the policy allows. */
  leadMs?: number;
  /** Absent: `retry` with media, which can be told apart on X with certainty, `hold` without. */
  onUnknown?: OnUnknown;
  /** Absent: `publish`. */
  ifLate?: IfLate;
  createdAt: number;
}

/** The CRCs that S3 keeps of whole objects, the cheapest to compute first. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** Of a whole object, by its store. `value` is base64 of the big-endian number, as S3 writes it. */
export interface Checksum {
  algorithm: ChecksumAlgorithm;
  value: string;
}

/** What was learned about an object when it was pinned. */
export interface Source {
  etag: string;
  versionId: string | null;
  bytes: number;
  mediaType: MediaType;
  width: number | null;
  height: number | null;
  durationMs: number | null;
  codec: string | null;
  /** Null where the store keeps none that can be computed of segments. */
  checksum: Checksum | null;
}

export type Encoding = 'multipart' | 'json';

/** An inclusive run of acknowledged segment indices, and the checksum of their bytes where the object has one. */
export type SegmentRun = [first: number, last: number, checksum?: string];

/** An upload session at X. */
export interface Upload {
  mediaId: string;
  mediaKey: string | null;
  /** Until then X keeps the id: for finishing the upload, after finalize for attaching it. */
  expiresAt: number;
  chunkBytes: number;
  /** The ledger: segments that X acknowledged, as ascending, disjoint, non-adjacent runs. */
  acknowledged: SegmentRun[];
  /** A finalize may have reached X without our knowing its answer: ask for the status before sending another. */
  finalizeInDoubt: boolean;
  processing: { startedAt: number; pollAt: number; progressPercent: number | null } | null;
}

/** Failures of one class at one step since the last progress. */
export interface Strikes {
  count: number;
  since: number;
}

export interface MediaState {
  step: MediaStep;
  category: MediaCategory | null;
  source: Source | null;
  upload: Upload | null;
  /** What X taught us about this upload; survives a restart of it. */
  learned: { chunkBytes: number | null; encoding: Encoding; segmentsInFlight: number | null };
  /** How often the upload was started over, by the reason. */
  restarts: Record<string, number>;
  strikes: Record<string, Strikes>;
  /** The item is left alone until then. */
  notBefore: number;
  /** What went wrong last, in X's or S3's words, while it is being retried. */
  trouble: string | null;
  /** Things that did not stop the post, for its owner to know. */
  warnings: string[];
}

/** The intent to create the post, written before the call. */
export interface Intent {
  attempt: number;
  startedAt: number;
  /** After this instant the call of the intent cannot still be under way. */
  deadline: number;
}

/** It is not known whether the post is on X. It is looked for, and nothing else is done, until it is known. */
export interface Doubt {
  /**
   * - `no_answer`: a create went out and its outcome is not known
   * - `lost_writes`: Redis has another history than the one in which the post was accepted; a create may have been forgotten
   * - `restart`: the same, but every write of that Redis was on disk, so that only a restored backup can have forgotten it
   */
  cause: 'no_answer' | 'lost_writes' | 'restart';
  /** X's words, or why there are none. */
  reason: string;
  /** The post was not created before this instant. */
  since: number;
  /** After this instant no call that creates it can still be under way. */
  deadline: number;
  /** When to look, ascending; each clear answer takes one off. None left: it is not there. */
  lookAts: number[];
  /** X refused another create as a duplicate of this one. */
  duplicate: boolean;
}

/** Redis is not the one that it was when the post was accepted, or was last made sure of. */
export interface ChangedHistory {
  /** Names the present history. */
  history: string;
  /** When it was first seen, epoch ms by the clock of Redis. */
  since: number;
  /** Whether writes of the former one may be missing. */
  lossy: boolean;
}

export interface PublishState {
  /** Creates that X made, refused for what they are, or left unclear; a limit, credits, the account or no connection cost none. */
  attempts: number;
  intent: Intent | null;
  doubt: Doubt | null;
  /** When the first create whose outcome stayed unclear began; never forgotten. */
  unclearSince: number | null;
  /** From when on there may have been a create that Redis has forgotten, though it was looked for; never forgotten either. */
  forgottenSince: number | null;
  /** Creates that followed clear looks that had not found an earlier one. */
  repeats: number;
  /** The media keys of each create that may have happened: what the post is known by on X. */
  sought: string[][];
  /** The history of Redis under which it was last made sure that no create was forgotten; null: the one it was accepted in. */
  history: string | null;
  /** A person wants it on X although its time has passed. */
  evenIfLate: boolean;
  strikes: Record<string, Strikes>;
}

export interface Published {
  xPostId: string;
  at: number;
}

export interface Failure {
  code: FailureCode;
  /** X's own words where X spoke. */
  message: string;
  retryable: boolean;
  step: FailureStep;
  /** The request field at fault, as a path: `media[0].key`. */
  field: string | null;
  hint: string;
  at: number;
}

export interface PostState {
  status: Status;
  media: MediaState[];
  publish: PublishState;
  waiting: Waiting | null;
  /** Nothing of this post is started until then: a limit, a park, or a pause. */
  hold: Waiting | null;
  failure: Failure | null;
  published: Published | null;
  /** How often in a row a worker vanished with this post in hand, without progress between. */
  abandoned: number;
  cost: Cost;
}

/** What X charges for the post, in micro-dollars: if all goes well, and so far. */
export interface Cost {
  estimatedMicroUsd: number;
  actualMicroUsd: number;
}

/** Every failure a post can end with; each is explained in docs/errors.md. */
export const FAILURE_CODES = [
  'source_not_found',
  'source_denied',
  'source_empty',
  'source_changed',
  'source_corrupt',
  'source_unavailable',
  'media_type_unsupported',
  'media_too_large',
  'media_rule',
  'media_mix',
  'media_rejected',
  'processing_failed',
  'processing_timeout',
  'upload_failed',
  'x_unavailable',
  'x_rejected',
  'duplicate_content',
  'reply_not_allowed',
  'video_too_long',
  'missed',
  'unconfirmed',
  'not_published',
  'poison',
  'internal',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** A fresh item of a fresh post. */
export function newMediaState(): MediaState {
  return {
    step: 'inspect',
    category: null,
    source: null,
    upload: null,
    learned: { chunkBytes: null, encoding: 'multipart', segmentsInFlight: null },
    restarts: {},
    strikes: {},
    notBefore: 0,
    trouble: null,
    warnings: [],
  };
}

function newPublishState(): PublishState {
  return {
    attempts: 0,
    intent: null,
    doubt: null,
    unclearSince: null,
    forgottenSince: null,
    repeats: 0,
    sought: [],
    history: null,
    evenIfLate: false,
    strikes: {},
  };
}

/** The state of a post that was just accepted, and will cost so much if all goes well. */
export function newPostState(request: Pick<PostRequest, 'media'>, estimatedMicroUsd = 0): PostState {
  return {
    status: 'scheduled',
    media: request.media.map(() => newMediaState()),
    publish: newPublishState(),
    waiting: null,
    hold: null,
    failure: null,
    published: null,
    abandoned: 0,
    cost: { estimatedMicroUsd, actualMicroUsd: 0 },
  };
}

/** A post as it is stored. */
export interface PostRecord {
  request: PostRequest;
  state: PostState;
  /** Raised by every save; a save names the revision that it was made from. */
  rev: number;
  /** Raised by everyone who takes the record in hand; a save under an older fence is refused. */
  fence: number;
  /** The worker that has the post in hand, or null. */
  heldBy: string | null;
}
