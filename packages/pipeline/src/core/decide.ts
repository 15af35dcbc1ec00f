import { countSegments, segmentAt } from './chunk-plan.ts';
import { deadlineOf } from './confirm.ts';
import { findWrongBytes } from './integrity.ts';
import { nextSegments } from './ledger.ts';
import type { Policy } from './policy.ts';
import { startAtOf } from './schedule.ts';
import { type Action, type StepEvent, keyOf } from './step-events.ts';
import { type MediaState, type PostRequest, type PostState, type Waiting, isTerminal } from './vocabulary.ts';

export type Decision =
  /** Fold this at once: nothing has to be done outside for it. */
  | { do: 'note'; event: StepEvent }
  /** Start these (perhaps none), and look again when something in flight arrives, or at `wakeAt`. */
  | { do: 'start'; actions: Action[]; wakeAt: number | null }
  | { do: 'wait'; waiting: Waiting }
  | { do: 'done' };

export interface Moment {
  now: number;
  /** Keys of the actions under way. */
  inFlight: ReadonlySet<string>;
  policy: Policy;
}

/** What to do next about a post. Pure: the same record at the same moment gives the same answer. */
export function decide(request: PostRequest, state: PostState, moment: Moment): Decision {
  const { now, inFlight } = moment;
  if (isTerminal(state.status)) return { do: 'done' };
  if (state.hold && endOf(state.hold) > now) return settleFor(state.hold, inFlight);
  if (state.status === 'publishing') return decidePublishing(state, moment);
  if (isLate(request, state, moment)) {
    // What is still under way ends first: its news are part of the story.
    if (inFlight.size > 0) return { do: 'start', actions: [], wakeAt: null };
    return { do: 'note', event: { type: 'missed', at: now } };
  }
  return state.media.every((media) => media.step === 'ready')
    ? decideReady(request, state, moment)
    : decideMedia(state, moment);
}

/** `Infinity` for what somebody has to end. */
function endOf({ until }: Waiting): number {
  return until ?? Infinity;
}

function settleFor(waiting: Waiting, inFlight: ReadonlySet<string>): Decision {
  return inFlight.size > 0 ? { do: 'start', actions: [], wakeAt: null } : { do: 'wait', waiting };
}

function decidePublishing({ publish }: PostState, { now, inFlight }: Moment): Decision {
  const { doubt } = publish;
  if (!doubt) return { do: 'start', actions: inFlight.has('create') ? [] : [{ do: 'create' }], wakeAt: null };
  const lookAt = doubt.lookAts[0] ?? now;
  if (lookAt > now) {
    return settleFor({ reason: 'confirming', until: lookAt, detail: doubt.reason }, inFlight);
  }
  return { do: 'start', actions: inFlight.has('confirm') ? [] : [{ do: 'confirm' }], wakeAt: null };
}

/** Too late for a post that is not to be late; once a create may have happened, that has to be settled instead. */
function isLate(
  { ifLate, publishAt }: PostRequest,
  { publish }: PostState,
  { now, policy }: Moment,
): boolean {
  if (ifLate !== 'skip' || publish.evenIfLate || publish.unclearSince !== null) return false;
  return now > publishAt + policy.lateAfterMs;
}

function decideReady(request: PostRequest, state: PostState, { now, policy }: Moment): Decision {
  const schedule: Waiting = { reason: 'schedule', until: request.publishAt, detail: null };
  if (now < request.publishAt) {
    const item = state.media.findIndex((media) => isExpiring(media, request.publishAt, policy));
    if (item < 0) return { do: 'wait', waiting: schedule };
    const until = startAtOf(request, policy);
    return now < until
      ? { do: 'wait', waiting: { ...schedule, until, detail: UPLOADED_AGAIN } }
      : { do: 'note', event: { type: 'upload_lapsed', at: now, item, reason: 'expiring' } };
  }
  const lapsed = state.media.findIndex(
    (media) => (media.upload?.expiresAt ?? Infinity) <= now + policy.expiryMarginMs,
  );
  if (lapsed >= 0)
    return { do: 'note', event: { type: 'upload_lapsed', at: now, item: lapsed, reason: 'expired' } };
  return { do: 'note', event: { type: 'intended', at: now, deadline: deadlineOf(now, policy) } };
}

const UPLOADED_AGAIN = 'X would not keep its media until then: they are uploaded again first.';

/** Uploaded again ahead only once: where X keeps nothing for so long, that is done when the post is due. */
function isExpiring({ upload, restarts }: MediaState, publishAt: number, policy: Policy): boolean {
  return (upload?.expiresAt ?? Infinity) <= publishAt + policy.expiryMarginMs && !restarts['expiring'];
}

function decideMedia(state: PostState, moment: Moment): Decision {
  const actions: Action[] = [];
  const waits: Waiting[] = [];
  for (const [item, media] of state.media.entries()) {
    if (media.step === 'ready') continue;
    const wait = waitOf(media, moment);
    if (wait) {
      waits.push(wait);
      continue;
    }
    if (isOverdue(media, moment)) {
      return {
        do: 'note',
        event: { type: 'upload_lapsed', at: moment.now, item, reason: 'processing_timeout' },
      };
    }
    const wrongBytes = media.step === 'finalize' ? findWrongBytes(media) : null;
    if (wrongBytes !== null) return { do: 'note', event: refuseToFinalize(item, media, wrongBytes, moment) };
    actions.push(...actionsFor(item, media, moment));
  }
  const next = waits.sort((a, b) => endOf(a) - endOf(b))[0];
  if (actions.length === 0 && moment.inFlight.size === 0 && next) return { do: 'wait', waiting: next };
  return { do: 'start', actions, wakeAt: next?.until ?? null };
}

/** Failures that, when they do not end, are an incident at X rather than bad luck. */
const X_OUTAGES = ['unavailable', 'not_found', 'server_error'];

function waitOf(media: MediaState, { now, policy }: Moment): Waiting | null {
  if (media.notBefore > now) {
    const strikes = X_OUTAGES.map((kind) => media.strikes[kind]?.count ?? 0);
    const reason = Math.max(...strikes) > policy.retryLimit ? 'x_incident' : 'backoff';
    return { reason, until: media.notBefore, detail: media.trouble };
  }
  const pollAt = media.step === 'processing' ? (media.upload?.processing?.pollAt ?? 0) : 0;
  return pollAt > now ? { reason: 'processing', until: pollAt, detail: null } : null;
}

/** Only X's own report makes an upload overdue: after a long pause of ours X is asked first, it may be ready by now. */
function isOverdue(media: MediaState, { inFlight, policy }: Moment): boolean {
  const processing = media.step === 'processing' ? media.upload?.processing : null;
  if (!processing || inFlight.size > 0) return false;
  return processing.pollAt - processing.startedAt > policy.processingLimitMs;
}

/** X must not be told that an upload is complete which is not the object: that is a failure of the store. */
function refuseToFinalize(item: number, media: MediaState, message: string, { now }: Moment): StepEvent {
  const action: Action = { do: 'finalize', item, mediaId: media.upload?.mediaId ?? '' };
  return {
    type: 'failed',
    at: now,
    action,
    problem: { from: 's3', code: 'wrong_bytes', message },
    jitter: 0,
  };
}

function actionsFor(item: number, media: MediaState, { inFlight, policy }: Moment): Action[] {
  const unlessUnderWay = (action: Action): Action[] => (inFlight.has(keyOf(action)) ? [] : [action]);
  const mediaId = media.upload?.mediaId ?? '';
  switch (media.step) {
    case 'inspect':
    case 'initialize':
      return unlessUnderWay({ do: media.step, item });
    case 'upload_once':
      return unlessUnderWay({ do: media.step, item, encoding: media.learned.encoding });
    case 'append':
      return appends(item, media, inFlight, policy);
    case 'finalize': {
      // Whether a finalize got through can be asked only where X processes the media; an image is simply finalized again.
      const ask = media.upload?.finalizeInDoubt && media.category !== 'tweet_image';
      return unlessUnderWay({ do: ask ? 'poll' : 'finalize', item, mediaId });
    }
    case 'processing':
      return unlessUnderWay({ do: 'poll', item, mediaId });
    case 'describe':
      return unlessUnderWay({ do: 'describe', item, mediaId });
    case 'ready':
      return [];
  }
}

function appends(item: number, media: MediaState, inFlight: ReadonlySet<string>, policy: Policy): Action[] {
  const { source, upload } = media;
  if (!source || !upload) return [];
  const underWay = [...inFlight].filter((key) => key.startsWith(`append:${item}:`)).length;
  const free = (media.learned.segmentsInFlight ?? policy.segmentsInFlight) - underWay;
  const total = countSegments(source.bytes, upload.chunkBytes);
  return nextSegments(upload.acknowledged, total, free, (index) =>
    inFlight.has(`append:${item}:${index}`),
  ).map((index) => ({
    do: 'append',
    item,
    mediaId: upload.mediaId,
    segment: segmentAt(index, source.bytes, upload.chunkBytes),
    encoding: media.learned.encoding,
  }));
}
