import { deadlineOf, doubt, isOnTimeline, looksFrom, mayBeForgotten, onUnknownOf } from './confirm.ts';
import type { Policy } from './policy.ts';
import type { StepEvent } from './step-events.ts';
import { leaveUnconfirmed, publish, takeBackIntent } from './transitions.ts';
import type { Doubt, PostRequest, PostState } from './vocabulary.ts';

/** Creates that may follow an unclear one, each after looks that did not find it. */
const REPEATS = 1;

/** Redis has lost what it was told, or may have: a post that may have been created in that time is looked for first. */
export function foldHistory(
  request: PostRequest,
  state: PostState,
  { at, history, since, lossy }: StepEvent & { type: 'history_changed' },
  policy: Policy,
): PostState {
  const known = { ...state, publish: { ...state.publish, history } };
  if (!mayBeForgotten(request, since)) return known;
  const deadline = lossy ? Math.max(at, deadlineOf(since, policy)) : at;
  const lookAts = lossy ? looksFrom(deadline, policy) : [at];
  const { doubt: open } = state.publish;
  if (open) {
    // What is being looked for may have been created again in what is lost.
    if (!lossy) return known;
    const all = [...new Set([...open.lookAts, ...lookAts])].sort((a, b) => a - b);
    return doubt(
      known,
      {
        ...open,
        cause: 'lost_writes',
        since: Math.min(open.since, request.publishAt),
        deadline: Math.max(open.deadline, deadline),
      },
      all,
    );
  }
  const reason = lossy
    ? 'Redis was restarted or failed over and may have lost that the post was created; it is looked for first.'
    : 'Redis was restarted after the time of the post; it is looked for once before it is created.';
  return doubt(
    known,
    { cause: lossy ? 'lost_writes' : 'restart', reason, since: request.publishAt, deadline },
    lookAts,
  );
}

/** What the account's timeline says of a post in doubt. */
export function foldLook(
  request: PostRequest,
  state: PostState,
  { at, found, alike }: StepEvent & { type: 'looked' },
): PostState {
  const { doubt: open } = state.publish;
  if (!open) return state;
  if (found) return publish(state, { xPostId: found.xPostId, at: found.publishedAt });
  if (alike !== undefined) {
    return leaveUnconfirmed(
      state,
      `${open.reason} Post ${alike} has as many media and no text either; whether it is this one cannot be told.`,
      at,
    );
  }
  // One that comes late, because the timeline could not be read before, puts off all that follow: a timeline that has just come back
  // may still miss what is new, and only looks that are apart prove anything.
  const [due = at, ...rest] = open.lookAts;
  const lookAts = rest.map((lookAt) => lookAt + Math.max(0, at - due));
  const looked: PostState = {
    ...state,
    abandoned: 0,
    publish: { ...state.publish, strikes: {}, doubt: { ...open, lookAts } },
  };
  return lookAts.length > 0 ? looked : concludeAbsent(request, looked, open, at);
}

/** Every look was answered, and the post is not there. */
function concludeAbsent(request: PostRequest, state: PostState, open: Doubt, at: number): PostState {
  if (open.duplicate) {
    return leaveUnconfirmed(
      state,
      open.reason,
      at,
      "So the post should be on X, but it is not on the account's timeline.",
    );
  }
  const { unclearSince, repeats } = state.publish;
  if (open.cause === 'restart') return takeBackIntent(state);
  if (!isOnTimeline(request)) {
    return leaveUnconfirmed(state, open.reason, at, 'A post of this kind is not on the timeline either way.');
  }
  if (unclearSince === null) return takeBackIntent(state);
  if (onUnknownOf(request) === 'hold' || repeats >= REPEATS) return leaveUnconfirmed(state, open.reason, at);
  const back = takeBackIntent(state);
  return { ...back, publish: { ...back.publish, repeats: repeats + 1 } };
}
