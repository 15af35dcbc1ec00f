import { announce } from './announce.ts';
import type { PostEvent } from './post-events.ts';
import { statusBeforePublishing } from './transitions.ts';
import {
  type Failure,
  type FailureCode,
  type MediaState,
  type PostRecord,
  type PostState,
  newMediaState,
} from './vocabulary.ts';

export const RETRY_FROM = ['checkpoint', 'start'] as const;
/** `checkpoint`: what X has stays there, only what failed is done again. `start`: every object is looked at and uploaded anew. */
export type RetryFrom = (typeof RETRY_FROM)[number];

/** Failures after which an upload, even a whole one, is of no use; the remedy of most is another object under the same key. */
const SPENT = new Set<FailureCode>([
  'source_changed',
  'source_corrupt',
  'media_type_unsupported',
  'media_too_large',
  'media_rule',
  'media_mix',
  'media_rejected',
  'video_too_long',
  'processing_failed',
  'processing_timeout',
  'upload_failed',
]);

/** The post set going again by a person, or null when it is not one that failed or was missed. */
export function retryPost(
  { state }: PostRecord,
  now: number,
  from: RetryFrom,
): { state: PostState; events: PostEvent[]; startAt: number } | null {
  const { failure } = state;
  if ((state.status !== 'failed' && state.status !== 'missed') || !failure) return null;
  const media = state.media.map((each, item) =>
    from === 'start' ? newMediaState() : resume(each, isAbout(failure, item) ? failure.code : null, now),
  );
  const ready: PostState = {
    ...state,
    media,
    waiting: null,
    hold: null,
    failure: null,
    abandoned: 0,
    // A person knows what time it is.
    publish: { ...state.publish, intent: null, doubt: null, strikes: {}, evenIfLate: true },
  };
  const next = { ...ready, status: statusBeforePublishing(ready) };
  return { state: next, events: announce(state, next, now), startAt: now };
}

function isAbout({ field }: Failure, item: number): boolean {
  return field === null || field === 'media' || field.startsWith(`media[${item}]`);
}

function resume(media: MediaState, failed: FailureCode | null, now: number): MediaState {
  if (failed && SPENT.has(failed)) return { ...newMediaState(), learned: media.learned };
  const rested = { ...media, strikes: {}, restarts: {}, notBefore: 0, trouble: null };
  const { upload } = media;
  // The time that X may take to process it begins anew.
  return upload?.processing
    ? { ...rested, upload: { ...upload, processing: { ...upload.processing, startedAt: now, pollAt: now } } }
    : rested;
}
