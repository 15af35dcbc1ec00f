import { MAX_BYTES } from './media-rules.ts';
import type { Policy } from './policy.ts';
import type { MediaCategory, PostRequest } from './vocabulary.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

/** A post without media has nothing to stage, but its job must be in place before its time. */
const HAND_OFF_LEAD_MS = 10 * SECOND_MS;

/** X keeps unused media for 24 hours; what is uploaded no earlier than this before its time is there with a wide margin. */
export const MAX_LEAD_MS = 20 * HOUR_MS;
/** Measurements are of ordinary hours: on a bad one everything takes longer. */
const SAFETY = 2;
/** For the calls around the bytes, and the wait for a worker that is free. */
const MARGIN_MS = 60 * SECOND_MS;

/** What is known of a media item before the work on it begins; null: nothing, since the store could not be asked. */
export interface StagingItem {
  category: MediaCategory | null;
  bytes: number | null;
}

/** How media of a category went of late, by measurement; null where nothing was measured. */
export interface Pace {
  bytesPerSecond: number | null;
  processingMs: number | null;
}
export type Paces = Partial<Record<MediaCategory, Pace>>;

/** Taken for what was not measured: a slow link, and processing as X is known to take on a bad day. */
const UNMEASURED: Record<MediaCategory, { bytesPerSecond: number; processingMs: number }> = {
  tweet_image: { bytesPerSecond: 1_000_000, processingMs: 0 },
  tweet_gif: { bytesPerSecond: 1_000_000, processingMs: 30 * SECOND_MS },
  tweet_video: { bytesPerSecond: 1_000_000, processingMs: 120 * SECOND_MS },
  amplify_video: { bytesPerSecond: 1_000_000, processingMs: 120 * SECOND_MS },
};
/** Taken for the size of an object that could not be looked at, where its category allows as much. */
const UNKNOWN_BYTES = 50_000_000;

/**
 * How long before `publishAt` work on a post begins, so that at `publishAt` only the creation is left to do: by its bytes and by
 * what uploads took of late. At least `stagingLeadMs`, at most what X's expiry of unused media allows. Posts that are due together
 * do not all upload together: each begins up to `stagingSpreadMs` earlier, by its id, and so always the same.
 */
export function leadOf(
  id: string,
  media: readonly StagingItem[],
  paces: Paces,
  policy: Pick<Policy, 'stagingLeadMs' | 'stagingSpreadMs'>,
): number {
  if (media.length === 0) return HAND_OFF_LEAD_MS;
  const needed = Math.max(SAFETY * durationOf(media, paces) + MARGIN_MS, policy.stagingLeadMs);
  const spread = Math.min(policy.stagingSpreadMs, MAX_LEAD_MS / 2);
  return Math.round(Math.min(needed, MAX_LEAD_MS - spread) + spread * placeOf(id));
}

/** The items share the link, and are processed side by side. */
function durationOf(media: readonly StagingItem[], paces: Paces): number {
  let uploadMs = 0;
  let processingMs = 0;
  for (const item of media) {
    const category = item.category ?? 'tweet_video';
    const bytes = item.bytes ?? Math.min(UNKNOWN_BYTES, MAX_BYTES[category]);
    const [measured, usual] = [paces[category], UNMEASURED[category]];
    uploadMs += (bytes / (measured?.bytesPerSecond ?? usual.bytesPerSecond)) * SECOND_MS;
    processingMs = Math.max(processingMs, measured?.processingMs ?? usual.processingMs);
  }
  return uploadMs + processingMs;
}

/** In [0, 1), spread evenly over ids: FNV-1a. */
function placeOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) {
    hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  }
  // FNV leaves the last letters mostly in the low bits.
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** When work on a post begins. */
export function startAtOf(
  { publishAt, media, leadMs }: Pick<PostRequest, 'publishAt' | 'media' | 'leadMs'>,
  policy: Pick<Policy, 'stagingLeadMs'>,
): number {
  const least = media.length === 0 ? 0 : policy.stagingLeadMs;
  return publishAt - (leadMs ?? Math.max(least, HAND_OFF_LEAD_MS));
}

/** Exponential backoff with full jitter, over a floor that keeps a lucky draw from hammering. `jitter` is in [0, 1). */
export function backoffMs(
  failures: number,
  jitter: number,
  policy: Pick<Policy, 'backoffBaseMs' | 'backoffCapMs'>,
): number {
  const ceiling = Math.min(policy.backoffCapMs, policy.backoffBaseMs * 2 ** Math.min(failures, 30));
  return Math.round(ceiling * (0.1 + 0.9 * jitter));
}
