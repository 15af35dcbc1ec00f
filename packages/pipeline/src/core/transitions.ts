import { ONE_SHOT_MAX_BYTES } from './policy.ts';
import type { LapseReason } from './step-events.ts';
import type {
  Failure,
  FailureCode,
  MediaState,
  MediaStep,
  PostRequest,
  PostState,
  MediaCategory,
  Published,
  Status,
  Waiting,
} from './vocabulary.ts';

/** Whether sending the same post again can help, once what the hint names was done. */
const RETRYABLE: Record<FailureCode, boolean> = {
  source_not_found: true,
  source_denied: true,
  source_empty: true,
  source_changed: true,
  source_corrupt: true,
  source_unavailable: true,
  media_type_unsupported: false,
  media_too_large: false,
  media_rule: false,
  media_mix: false,
  media_rejected: false,
  processing_failed: false,
  processing_timeout: true,
  upload_failed: true,
  x_unavailable: true,
  x_rejected: false,
  duplicate_content: false,
  reply_not_allowed: false,
  video_too_long: false,
  missed: true,
  unconfirmed: false,
  not_published: true,
  poison: false,
  internal: true,
};

/** What to do about a post whose upload was started over in vain. */
const RESTART_HINTS: Partial<Record<FailureCode, string>> = {
  processing_failed:
    "X's own words are in the message; encode the media anew (H.264 High, yuv420p, AAC-LC) and post again.",
  source_corrupt:
    'The object is damaged, or something in front of the store changes it: put the object there again, and post again.',
};

export function itemOf(state: PostState, item: number): MediaState {
  const media = state.media[item];
  if (!media) throw new Error(`the post has no media item ${item}`);
  return media;
}

export function withItem(state: PostState, item: number, patch: Partial<MediaState>): PostState {
  return {
    ...state,
    media: state.media.map((media, index) => (index === item ? { ...media, ...patch } : media)),
  };
}

/** Effects that are refused side by side may each ask for a hold: the longest counts. */
export function holdUntil(state: PostState, hold: Waiting): PostState {
  const end = ({ until }: Waiting): number => until ?? Infinity;
  return state.hold && end(state.hold) > end(hold) ? state : { ...state, hold };
}

/**
 * Whether a wait concerns the account rather than the post, which then waits in the account's backlog. One that is being published
 * goes on by itself: that has to be finished, or found out, whatever is with its account.
 */
export function isParked(status: Status, waiting: Waiting | null): boolean {
  return waiting?.cause !== undefined && status !== 'publishing';
}

/** Progress: the item moves on, and what went wrong before is forgotten. */
export function advanceTo(
  state: PostState,
  item: number,
  step: MediaStep,
  patch: Partial<MediaState>,
): PostState {
  const next = withItem({ ...state, waiting: null, abandoned: 0 }, item, {
    ...patch,
    step,
    strikes: {},
    trouble: null,
    // Other segments may be under way while one is being retried: only a new step ends the item's backoff.
    notBefore: itemOf(state, item).step === step ? itemOf(state, item).notBefore : 0,
  });
  const staged = next.status === 'staging' && next.media.every((media) => media.step === 'ready');
  return staged ? { ...next, status: 'staged' } : next;
}

/** The upload is done: its alt text is still to be set, or the item is ready. */
export function finishUpload(
  request: PostRequest,
  state: PostState,
  item: number,
  patch: Partial<MediaState>,
): PostState {
  const altText = request.media[item]?.altText ?? null;
  return advanceTo(state, item, altText === null ? 'ready' : 'describe', patch);
}

/** How the upload of an item begins: a small image goes in one request. */
export function firstStepOf(category: MediaCategory | null, bytes: number): 'upload_once' | 'initialize' {
  return category === 'tweet_image' && bytes <= ONE_SHOT_MAX_BYTES ? 'upload_once' : 'initialize';
}

const EXPIRIES = new Set<string>(['expired', 'expiring'] satisfies LapseReason[]);

/** Starts the upload of an item over, unless this reason was given often enough already; then the post fails. */
export function restartUpload(
  state: PostState,
  item: number,
  why: {
    at: number;
    reason: string;
    limit: number;
    code: FailureCode;
    message: string;
    patch?: Partial<MediaState>;
  },
): PostState {
  const media = itemOf(state, item);
  const times = (media.restarts[why.reason] ?? 0) + 1;
  if (times > why.limit) {
    return failPost(state, {
      code: why.code,
      message: why.message,
      step: media.step === 'ready' ? 'publish' : media.step,
      field: `media[${item}]`,
      hint: RESTART_HINTS[why.code] ?? 'Send the post again later.',
      at: why.at,
    });
  }
  const restarted = withItem(state, item, {
    ...why.patch,
    // Where the single request was at fault the upload goes in segments; an expiry is nobody's fault.
    step: EXPIRIES.has(why.reason) ? firstStepOf(media.category, media.source?.bytes ?? 0) : 'initialize',
    upload: null,
    strikes: {},
    notBefore: 0,
    trouble: why.message,
    restarts: { ...media.restarts, [why.reason]: times },
  });
  return { ...restarted, status: 'staging', waiting: null };
}

export function failPost(state: PostState, failure: Omit<Failure, 'retryable'>): PostState {
  return {
    ...state,
    status: 'failed',
    waiting: null,
    hold: null,
    failure: { ...failure, retryable: RETRYABLE[failure.code] },
  };
}

/** Whether the post exists is not known after every look: a person decides, nothing is tried again. */
export function leaveUnconfirmed(state: PostState, reason: string, at: number, also?: string): PostState {
  const failed = failPost(state, {
    code: 'unconfirmed',
    message: also === undefined ? reason : `${reason.replace(/[^.!?]$/, '$&.')} ${also}`,
    step: 'confirm',
    field: null,
    hint: 'Look at the account on X, then say what is true: POST /v1/posts/{id}/resolve, as published with its id, to try again, or to give it up.',
    at,
  });
  return { ...failed, status: 'unconfirmed' };
}

/** Its time has passed, and its owner wants it on time or not at all. */
export function missPost(request: PostRequest, state: PostState, at: number): PostState {
  const minutes = Math.round((at - request.publishAt) / 60_000);
  const { waiting } = state;
  const why =
    waiting && waiting.reason !== 'schedule'
      ? `it waited (${waiting.reason})${waiting.detail === null ? '' : `: ${waiting.detail}`}`
      : 'no worker had it ready before';
  const failed = failPost(state, {
    code: 'missed',
    message: `Its time passed ${minutes} minutes ago, and it is not to be posted late; ${why}.`,
    step: 'publish',
    field: 'publishAt',
    hint: 'To post it all the same: POST /v1/posts/{id}/retry.',
    at,
  });
  return { ...failed, status: 'missed' };
}

export function publish(state: PostState, published: Published): PostState {
  return {
    ...state,
    status: 'published',
    waiting: null,
    hold: null,
    publish: { ...state.publish, doubt: null },
    published,
  };
}

/** A create that surely did not happen: the post is as it was before the intent. */
export function takeBackIntent(state: PostState): PostState {
  return {
    ...state,
    status: statusBeforePublishing(state),
    publish: { ...state.publish, intent: null, doubt: null },
  };
}

/** Where a post stands by its media alone. */
export function statusBeforePublishing({ media }: Pick<PostState, 'media'>): Status {
  if (media.every(({ source, step }) => source === null && step === 'inspect')) return 'scheduled';
  return media.every(({ step }) => step === 'ready') ? 'staged' : 'staging';
}
