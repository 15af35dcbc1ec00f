import { doubt, looksFrom, mayHaveHappened } from './confirm.ts';
import { type Situation, type Verdict, judge } from './failures.ts';
import type { Policy } from './policy.ts';
import { wordsOf } from './problems.ts';
import { backoffMs } from './schedule.ts';
import type { Action, StepEvent } from './step-events.ts';
import {
  advanceTo,
  failPost,
  finishUpload,
  holdUntil,
  firstStepOf,
  itemOf,
  leaveUnconfirmed,
  restartUpload,
  takeBackIntent,
  withItem,
} from './transitions.ts';
import type { FailureStep, PostRequest, PostState, Strikes, Upload } from './vocabulary.ts';

type Failed = StepEvent & { type: 'failed' };

/** Creates that X may refuse for their media, each after the media were checked anew, before the post fails. */
const MEDIA_RECHECKS = 2;

function stepOf(action: Action): FailureStep {
  switch (action.do) {
    case 'create':
      return 'publish';
    case 'confirm':
      return 'confirm';
    case 'poll':
      return 'processing';
    case 'inspect':
    case 'upload_once':
    case 'initialize':
    case 'append':
    case 'finalize':
    case 'describe':
      return action.do;
  }
}

/** Folds a failed action: the table says what to do, this does it to the state. */
export function foldFailure(
  request: PostRequest,
  state: PostState,
  event: Failed,
  policy: Policy,
): PostState {
  const { action, problem, at } = event;
  const item = 'item' in action ? action.item : null;
  const media = item === null ? null : itemOf(state, item);
  const strikes = media ? media.strikes : state.publish.strikes;
  const situation: Situation = {
    step: stepOf(action),
    now: at,
    jitter: event.jitter,
    policy,
    media,
    ifChanged: (item === null ? null : request.media[item]?.ifChanged) ?? 'fail',
    encoding: 'encoding' in action ? action.encoding : null,
    mayBeDuplicate: mayHaveHappened(state.publish),
    strikes: (kind) => strikes[kind]?.count ?? 0,
  };
  const { verdict } = judge(problem, situation);
  const noted = action.do === 'create' ? afterCreate(state, verdict) : withDoubt(state, event);
  if (media && action.do === 'poll' && media.step === 'finalize' && isUnknownUpload(event)) {
    // Asked because a finalize was in doubt: X does not know of it, so it has not happened.
    return withUpload(noted, action.item, { finalizeInDoubt: false });
  }
  return apply(request, verdict, noted, event, situation, item);
}

function apply(
  request: PostRequest,
  verdict: Verdict,
  state: PostState,
  event: Failed,
  situation: Situation,
  item: number | null,
): PostState {
  const { at, problem } = event;
  const { policy, step } = situation;
  const words = wordsOf(problem);
  const field = fieldOf(event, item);
  switch (verdict.do) {
    case 'fail':
      return failPost(state, { code: verdict.code, message: words, step, field, hint: verdict.hint, at });
    case 'hold': {
      const struck = strike(state, item, verdict.reason, at).state;
      const { reason, until, cause } = verdict;
      return holdUntil(struck, { reason, until, detail: words, ...(cause && { cause }) });
    }
    case 'retry':
      return retry(verdict, state, event, situation, item);
    case 'doubt': {
      const { startedAt: since, deadline } = state.publish.intent ?? { startedAt: at, deadline: at };
      return doubt(
        state,
        { cause: 'no_answer', reason: words, since, deadline },
        looksFrom(deadline, policy),
      );
    }
    case 'landed':
      // It is looked for from when the first one may have happened.
      return doubt(
        state,
        { cause: 'no_answer', reason: words, since: at, deadline: at, duplicate: true },
        looksFrom(at, policy),
      );
    case 'recheck_media':
      return recheckMedia(state, event);
    case 'restart':
    case 'switch_encoding':
    case 'reinspect':
    case 'skip':
      if (item === null) throw new Error(`'${verdict.do}' is about a media item`);
      return applyToItem(verdict, state, event, item, policy);
    case 'proceed':
      if (item === null) throw new Error(`'${verdict.do}' is about a media item`);
      return finishUpload(request, state, item, {});
  }
}

function applyToItem(
  verdict: Verdict & { do: 'restart' | 'switch_encoding' | 'reinspect' | 'skip' },
  state: PostState,
  event: Failed,
  item: number,
  policy: Policy,
): PostState {
  const media = itemOf(state, item);
  const words = wordsOf(event.problem);
  switch (verdict.do) {
    case 'restart':
      return restartUpload(state, item, {
        at: event.at,
        reason: verdict.reason,
        limit: verdict.limit ?? policy.restartLimit,
        code: verdict.code ?? 'upload_failed',
        message: words,
        patch: {
          learned: { ...media.learned, ...verdict.learn },
          ...(verdict.category ? { category: verdict.category } : {}),
        },
      });
    case 'switch_encoding':
      return withItem(state, item, { learned: { ...media.learned, encoding: 'json' } });
    case 'reinspect': {
      const restarted = restartUpload(state, item, {
        at: event.at,
        reason: 'source_changed',
        limit: policy.restartLimit,
        code: 'source_changed',
        message: words,
      });
      return restarted.status === 'failed'
        ? restarted
        : withItem(restarted, item, { step: 'inspect', source: null });
    }
    case 'skip':
      return advanceTo(state, item, 'ready', {
        warnings: [...media.warnings, `The alt text was not set: ${words}`],
      });
  }
}

function retry(
  verdict: Verdict & { do: 'retry' },
  state: PostState,
  event: Failed,
  situation: Situation,
  item: number | null,
): PostState {
  const { at, jitter } = event;
  const { policy, step } = situation;
  const words = wordsOf(event.problem);
  if (item !== null && situation.strikes(verdict.kind) > 0 && itemOf(state, item).notBefore > at) {
    // Sent beside one that failed the same way and is being waited for already: one outage, one strike.
    return state;
  }
  const { state: struck, strikes } = strike(state, item, verdict.kind, at);
  const exhausted = strikes.count > policy.retryLimit && at - strikes.since >= verdict.limitMs;
  if (!exhausted) {
    const until = at + backoffMs(strikes.count - 1, jitter, policy);
    const reason = step === 'confirm' ? 'confirming' : 'backoff';
    return item === null
      ? { ...struck, hold: { reason, until, detail: words } }
      : withItem(struck, item, { notBefore: until, trouble: words });
  }
  switch (verdict.afterwards) {
    case 'park':
      return holdUntil(struck, {
        reason: 'account',
        cause: 'unauthorized',
        until: at + policy.parkMs,
        detail: words,
      });
    case 'leave':
      return leaveUnconfirmed(
        struck,
        struck.publish.doubt?.reason ?? words,
        at,
        `The account's timeline could not be read: ${words}`,
      );
    case 'fail':
      return failPost(state, {
        code: verdict.code,
        message: words,
        step,
        field: fieldOf(event, item),
        hint: 'It was tried for as long as configured; send the post again later.',
        at,
      });
    case 'restart':
    case 'skip':
      if (item === null) throw new Error(`'${verdict.afterwards}' is about a media item`);
      return applyToItem(
        verdict.afterwards === 'skip'
          ? { do: 'skip' }
          : { do: 'restart', reason: verdict.kind, code: verdict.code },
        state,
        event,
        item,
        policy,
      );
  }
}

function strike(
  state: PostState,
  item: number | null,
  kind: string,
  at: number,
): { state: PostState; strikes: Strikes } {
  const all = item === null ? state.publish.strikes : itemOf(state, item).strikes;
  const before = all[kind];
  const strikes = { count: (before?.count ?? 0) + 1, since: before?.since ?? at };
  const next = { ...all, [kind]: strikes };
  return {
    strikes,
    state:
      item === null
        ? { ...state, publish: { ...state.publish, strikes: next } }
        : withItem(state, item, { strikes: next }),
  };
}

/** In doubt the intent stays; a create that X surely refused leaves none behind, and counts only if it was refused for itself. */
function afterCreate(state: PostState, verdict: Verdict): PostState {
  if (verdict.do === 'doubt') return state;
  const isFree = verdict.do === 'hold' || verdict.do === 'retry';
  return isFree ? uncounted(takeBackIntent(state)) : takeBackIntent(state);
}

function uncounted(state: PostState): PostState {
  return { ...state, publish: { ...state.publish, attempts: state.publish.attempts - 1 } };
}

/** The call of an intent was not made, for a reason of ours: it is tried again soon, and nothing is counted. */
export function foldCalledOff(
  state: PostState,
  { at, message, jitter }: StepEvent & { type: 'called_off' },
  policy: Policy,
): PostState {
  const { state: struck, strikes } = strike(state, null, 'called_off', at);
  const until = at + backoffMs(strikes.count - 1, jitter, policy);
  return { ...uncounted(takeBackIntent(struck)), hold: { reason: 'backoff', until, detail: message } };
}

/** The call was not made, and is not due before the hold ends. */
export function foldHeld(state: PostState, { action, waiting }: StepEvent & { type: 'held' }): PostState {
  const free = action.do === 'create' && state.publish.intent ? uncounted(takeBackIntent(state)) : state;
  return holdUntil(free, waiting);
}

/** A finalize whose answer is missing may have happened: X is asked before another is sent. */
function withDoubt(state: PostState, { action, problem }: Failed): PostState {
  if (action.do !== 'finalize' || problem.from !== 'x') return state;
  const maybe = problem.reach === 'unknown' || (problem.status ?? 0) >= 500;
  return maybe ? withUpload(state, action.item, { finalizeInDoubt: true }) : state;
}

function withUpload(state: PostState, item: number, patch: Partial<Upload>): PostState {
  const { upload } = itemOf(state, item);
  return upload ? withItem(state, item, { upload: { ...upload, ...patch } }) : state;
}

function isUnknownUpload({ problem }: Failed): boolean {
  return problem.from === 'x' && (problem.status === 400 || problem.status === 404);
}

function recheckMedia(state: PostState, event: Failed): PostState {
  const { at } = event;
  const { state: struck, strikes } = strike(state, null, 'media_invalid', at);
  if (strikes.count > MEDIA_RECHECKS || state.media.length === 0) {
    return failPost(state, {
      code: 'media_rejected',
      message: wordsOf(event.problem),
      step: 'publish',
      field: 'media',
      hint: 'X took the upload and refused it in the post: usual causes are a large image or media of another account.',
      at,
    });
  }
  const media = struck.media.map((each) => {
    if (each.category === 'tweet_image') {
      return { ...each, step: firstStepOf(each.category, each.source?.bytes ?? 0), upload: null };
    }
    const upload = each.upload && {
      ...each.upload,
      processing: { startedAt: at, pollAt: at + 1_000, progressPercent: null },
    };
    return { ...each, step: 'processing' as const, upload };
  });
  return { ...struck, status: 'staging', media };
}

function fieldOf({ problem }: Failed, item: number | null): string | null {
  if (item === null) return null;
  if (problem.from !== 's3') return `media[${item}]`;
  return problem.code === 'no_bucket' ? `media[${item}].bucket` : `media[${item}].key`;
}
