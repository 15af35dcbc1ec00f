import { chooseChunkBytes, countSegments } from './chunk-plan.ts';
import { deadlineOf, doubt, looksFrom, mayHaveHappened, withKeys } from './confirm.ts';
import { foldCalledOff, foldFailure, foldHeld } from './evolve-failure.ts';
import { foldHistory, foldLook } from './evolve-doubt.ts';
import { acknowledge, countAcknowledged } from './ledger.ts';
import { checkMix } from './media-rules.ts';
import { POLL, type Policy } from './policy.ts';
import { costOf } from './prices.ts';
import { backoffMs } from './schedule.ts';
import type { LapseReason, ProcessingReport, StepEvent } from './step-events.ts';
import {
  advanceTo,
  failPost,
  finishUpload,
  firstStepOf,
  holdUntil,
  itemOf,
  missPost,
  isParked,
  publish,
  restartUpload,
  withItem,
} from './transitions.ts';
import { type MediaState, type PostRequest, type PostState, type Upload, isTerminal } from './vocabulary.ts';

/** The state after something happened. Pure; late news of an upload or a post that is over changes nothing. */
export function evolve(request: PostRequest, state: PostState, event: StepEvent, policy: Policy): PostState {
  if (isTerminal(state.status) || isStale(state, event)) return state;
  const next = fold(request, state, event, policy);
  const spent = costOf(request, event, policy.prices);
  if (spent === 0) return next;
  return { ...next, cost: { ...next.cost, actualMicroUsd: next.cost.actualMicroUsd + spent } };
}

function fold(request: PostRequest, state: PostState, event: StepEvent, policy: Policy): PostState {
  switch (event.type) {
    case 'taken_over':
      return takeOver(state, event, policy);
    case 'inspected':
      return inspected(state, event);
    case 'uploaded_once':
      return afterProcessing(request, uploaded(state, event, null), event);
    case 'initialized':
      return uploaded(state, event, policy);
    case 'appended':
      return appended(state, event);
    case 'finalized':
    case 'polled':
      return afterProcessing(request, state, event);
    case 'described':
      return advanceTo(state, event.item, 'ready', {});
    case 'upload_lapsed':
      return restartUpload(state, event.item, {
        at: event.at,
        reason: event.reason,
        limit: lapseLimit(event.reason, policy),
        code: event.reason === 'processing_timeout' ? 'processing_timeout' : 'upload_failed',
        message:
          event.reason === 'processing_timeout'
            ? 'X did not finish processing the media in time.'
            : event.reason === 'expired'
              ? 'The upload expired at X before the post could be made.'
              : 'The upload would have expired at X before the time of the post.',
      });
    case 'intended':
      return intend(state, event);
    case 'created':
      return publish(state, { xPostId: event.xPostId, at: event.at });
    case 'called_off':
      return foldCalledOff(state, event, policy);
    case 'held':
      return foldHeld(state, event);
    case 'history_changed':
      return foldHistory(request, state, event, policy);
    case 'looked':
      return foldLook(request, state, event);
    case 'missed':
      return missPost(request, state, event.at);
    case 'failed':
      return foldFailure(request, state, event, policy);
    case 'waited':
      return { ...state, waiting: event.waiting };
  }
}

function lapseLimit(reason: LapseReason, policy: Policy): number {
  if (reason === 'processing_timeout') return 1;
  // What is still good is given up once, and is no failure: `decide` sees to that.
  return reason === 'expiring' ? Infinity : policy.restartLimit;
}

/** News of an upload session that was given up in the meantime. */
function isStale(state: PostState, event: StepEvent): boolean {
  const about = event.type === 'failed' || event.type === 'held' ? event.action : event;
  if (!('item' in about) || !('mediaId' in about)) return false;
  if (event.type === 'uploaded_once' || event.type === 'initialized') return false;
  const media = itemOf(state, about.item);
  return media.upload?.mediaId !== about.mediaId || media.step === 'ready';
}

function takeOver(before: PostState, event: StepEvent & { type: 'taken_over' }, policy: Policy): PostState {
  // Whoever hands it over has seen that its account is not held back, or wants to know: that is asked anew.
  const isAskedAnew = isParked(before.status, before.hold) || before.hold?.until === null;
  const state: PostState = isAskedAnew ? { ...before, hold: null } : before;
  const begins = state.status === 'scheduled' && state.media.length > 0;
  const isUnclear =
    (state.status === 'publishing' && !state.publish.doubt) ||
    state.media.some(({ step, upload }) => step === 'finalize' && upload?.finalizeInDoubt === false);
  if (!event.abandoned && !begins && !isUnclear) return state;
  const abandoned = event.abandoned ? state.abandoned + 1 : state.abandoned;
  const next: PostState = {
    ...state,
    status: begins ? 'staging' : state.status,
    abandoned,
    media: state.media.map((media) =>
      media.step === 'finalize' && media.upload
        ? { ...media, upload: { ...media.upload, finalizeInDoubt: true } }
        : media,
    ),
  };
  if (state.status === 'publishing' && !state.publish.doubt) return doubtTheIntent(next, event.at, policy);
  // Where a create is in doubt, that is what its owner must be told; it is never hidden behind another failure.
  if (state.status === 'publishing') return next;
  const message = `${abandoned} workers in a row died with this post in hand.`;
  if (abandoned <= policy.abandonLimit)
    return event.abandoned ? keepApart(next, message, event, policy) : next;
  return failPost(next, {
    code: 'poison',
    message,
    step: 'inspect',
    field: null,
    hint: 'Look at the logs of the workers; the media may trigger a defect.',
    at: event.at,
  });
}

/**
 * One death is anybody's. After more of them the posts that were in one hand go on at different times: otherwise one that kills its
 * workers would take those beside it along each time, and they would all end as poison.
 */
function keepApart(
  state: PostState,
  detail: string,
  { at, jitter }: StepEvent & { type: 'taken_over' },
  policy: Policy,
): PostState {
  if (state.abandoned < 2) return state;
  const until = at + backoffMs(state.abandoned - 2, jitter, policy);
  return holdUntil(state, { reason: 'backoff', until, detail });
}

/** Another worker began a create, and what came of it was never saved. */
function doubtTheIntent(state: PostState, at: number, policy: Policy): PostState {
  const { intent } = state.publish;
  // By the clock of the other worker, but no later than our own clock says for a call that began just now.
  const deadline = Math.min(intent?.deadline ?? at, deadlineOf(at, policy));
  return doubt(
    state,
    {
      cause: 'no_answer',
      reason: 'The worker stopped while X was creating the post; whether the post exists is not known.',
      since: intent?.startedAt ?? at,
      deadline,
    },
    looksFrom(deadline, policy),
  );
}

function inspected(state: PostState, event: StepEvent & { type: 'inspected' }): PostState {
  const { item, source, category } = event;
  const next = advanceTo(state, item, firstStepOf(category, source.bytes), { source, category });
  const categories = next.media.map((media) => media.category);
  if (!categories.every((each) => each !== null)) return next;
  const problem = checkMix(categories);
  return problem ? failPost(next, { ...problem, step: 'inspect', field: 'media', at: event.at }) : next;
}

function uploaded(
  state: PostState,
  event: StepEvent & { type: 'uploaded_once' | 'initialized' },
  policy: Policy | null,
): PostState {
  const { source, learned } = itemOf(state, event.item);
  const totalBytes = source?.bytes ?? 0;
  const upload: Upload = {
    mediaId: event.mediaId,
    mediaKey: event.mediaKey,
    expiresAt: event.expiresAt,
    chunkBytes: policy ? chooseChunkBytes(totalBytes, learned.chunkBytes ?? policy.chunkBytes) : totalBytes,
    acknowledged: [],
    finalizeInDoubt: false,
    processing: null,
  };
  return policy
    ? advanceTo(state, event.item, 'append', { upload })
    : withItem(state, event.item, { upload });
}

function appended(state: PostState, event: StepEvent & { type: 'appended' }): PostState {
  const media = itemOf(state, event.item);
  if (!media.upload || !media.source)
    throw new Error('a segment was acknowledged for an item without an upload');
  const { segment, checksum } = event;
  const { source } = media;
  const acknowledged = acknowledge(
    media.upload.acknowledged,
    checksum === null ? [segment, segment] : [segment, segment, checksum],
    {
      totalBytes: source.bytes,
      chunkBytes: media.upload.chunkBytes,
      algorithm: source.checksum?.algorithm ?? null,
    },
  );
  const upload = { ...media.upload, acknowledged };
  const complete = countAcknowledged(upload.acknowledged) === countSegments(source.bytes, upload.chunkBytes);
  const next = advanceTo(state, event.item, complete ? 'finalize' : 'append', { upload });
  // One that was sent beside it failed and is being waited for: its owner must still read why.
  return media.notBefore > event.at && !complete
    ? withItem(next, event.item, { trouble: media.trouble })
    : next;
}

function afterProcessing(
  request: PostRequest,
  state: PostState,
  event: StepEvent & { type: 'uploaded_once' | 'finalized' | 'polled' },
): PostState {
  const media = itemOf(state, event.item);
  if (!media.upload) throw new Error('a processing report came for an item without an upload');
  const { processing } = event;
  if (!processing && event.type === 'polled' && media.step === 'finalize') {
    // X knows the upload and says nothing of processing: the finalize in doubt did not get through.
    return withItem(state, event.item, { upload: { ...media.upload, finalizeInDoubt: false } });
  }
  if (processing && (processing.error || processing.state === 'failed')) {
    return processingFailed(state, event.item, processing, event.at);
  }
  const expiresAt =
    event.type === 'finalized' ? (event.expiresAt ?? media.upload.expiresAt) : media.upload.expiresAt;
  if (processing && processing.state !== 'succeeded') {
    const upload = { ...media.upload, expiresAt, processing: pollingPlan(media, processing, event.at) };
    return media.step === 'processing'
      ? withItem(state, event.item, { upload, strikes: {}, trouble: null })
      : advanceTo(state, event.item, 'processing', { upload });
  }
  return finishUpload(request, state, event.item, {
    upload: { ...media.upload, expiresAt, processing: null },
  });
}

function pollingPlan(
  media: MediaState,
  report: ProcessingReport,
  at: number,
): NonNullable<Upload['processing']> {
  const afterMs = Math.min(POLL.maxMs, Math.max(POLL.minMs, report.checkAfterMs ?? POLL.defaultMs));
  return {
    startedAt: media.upload?.processing?.startedAt ?? at,
    pollAt: at + afterMs,
    progressPercent: report.progressPercent,
  };
}

function processingFailed(state: PostState, item: number, report: ProcessingReport, at: number): PostState {
  const message =
    report.error?.message ?? report.error?.name ?? 'X could not process the media and gave no reason.';
  // X names a fault of the file itself in two ways; anything else may pass, and gets one fresh upload.
  const final =
    report.state === 'failed' && ['InvalidMedia', 'UnsupportedMedia'].includes(report.error?.name ?? '');
  if (final && /exceeds max duration/i.test(message)) {
    return failPost(state, {
      code: 'video_too_long',
      message,
      step: 'processing',
      field: `media[${item}]`,
      hint: 'Cut the video, or post as an account that may post long videos.',
      at,
    });
  }
  return restartUpload(state, item, {
    at,
    reason: 'processing_error',
    limit: final ? 0 : 1,
    code: 'processing_failed',
    message,
  });
}

function intend(state: PostState, event: StepEvent & { type: 'intended' }): PostState {
  const { publish } = state;
  const attempt = publish.attempts + 1;
  const intent = { attempt, startedAt: event.at, deadline: event.deadline };
  return {
    ...state,
    status: 'publishing',
    // Uploads that lived to be used may expire again, after a long wait for credits or an account: that is no loop.
    media: state.media.map(
      ({ restarts: { expired: _expired, expiring: _expiring, ...restarts }, ...media }) => ({
        ...media,
        restarts,
      }),
    ),
    waiting: null,
    hold: null,
    publish: {
      ...publish,
      attempts: attempt,
      intent,
      // Keys of creates that surely did not happen are of no use any more.
      sought: withKeys(mayHaveHappened(publish) ? publish : { ...publish, sought: [] }, state.media),
    },
  };
}
