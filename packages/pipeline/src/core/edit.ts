import { mayBeForgotten } from './confirm.ts';
import type { Policy } from './policy.ts';
import { estimateCost } from './prices.ts';
import type { PostEvent } from './post-events.ts';
import { type Paces, type StagingItem, leadOf, startAtOf } from './schedule.ts';
import { statusBeforePublishing } from './transitions.ts';
import {
  EDITABLE_FIELDS,
  type EditableField,
  type MediaRequest,
  type MediaState,
  type PostRecord,
  type PostRequest,
  type PostState,
  isTerminal,
  newMediaState,
} from './vocabulary.ts';

/** What is to be different; an absent field stays as it is. `publishLocal` goes with `publishAt`. */
export type PostEdit = Partial<Pick<PostRequest, EditableField | 'publishLocal'>>;

export interface EditContext {
  now: number;
  /** Redis has another history since then, and may have forgotten something; null: it has not. */
  changedSince: number | null;
  policy: Pick<Policy, 'stagingLeadMs' | 'stagingSpreadMs' | 'prices'>;
  paces: Paces;
  /** What was learned of the objects of `media` when the edit was checked, item by item. */
  facts: readonly StagingItem[];
}

export type Edited =
  | { request: PostRequest; state: PostState; events: PostEvent[]; startAt: number }
  /** It is on X, or may be, or is over. */
  | { refused: 'too_late' }
  /** Redis may have forgotten that it was created; that is found out first. */
  | { refused: 'too_early' }
  /** It is so already. */
  | { refused: 'same' };

/** The edited post. What X has of its media stays in use wherever it is still what is asked for. */
export function editPost(
  { request, state, heldBy }: PostRecord,
  edit: PostEdit,
  context: EditContext,
): Edited {
  const { unclearSince, forgottenSince } = state.publish;
  if (state.status === 'publishing' || isTerminal(state.status)) return { refused: 'too_late' };
  // An earlier create of it may yet turn up, and is known by what the post was then.
  if (unclearSince !== null || forgottenSince !== null) return { refused: 'too_late' };
  const { changedSince, now } = context;
  if (changedSince !== null && mayBeForgotten(request, changedSince)) return { refused: 'too_early' };

  const fields = EDITABLE_FIELDS.filter(
    (field) => edit[field] !== undefined && !isEqual(edit[field], request[field]),
  );
  if (fields.length === 0) return { refused: 'same' };
  const { publishLocal, leadMs: _lead, ...before } = request;
  const local = edit.publishAt === undefined ? publishLocal : edit.publishLocal;
  const next: PostRequest = { ...before, ...edit, ...(local && { publishLocal: local }) };
  if (!local) delete next.publishLocal;
  const media = fields.includes('media')
    ? carryOver(request.media, state.media, next.media, heldBy !== null)
    : state.media;
  const items = media.map(({ source, category }, item): StagingItem =>
    source ? { category, bytes: source.bytes } : (context.facts[item] ?? { category: null, bytes: null }),
  );
  next.leadMs = leadOf(request.id, items, context.paces, context.policy);
  const cost = { ...state.cost, estimatedMicroUsd: estimateCost(next, context.policy.prices) };
  const moved: PostState = { ...state, waiting: null, cost, media: media.map(mayExpireAgain) };
  const edited: PostState = { ...moved, status: statusOf(state, moved) };
  const events: PostEvent[] = [
    { type: 'post.edited', at: now, data: { fields, publishAt: next.publishAt } },
    ...(edited.status === state.status
      ? []
      : [{ type: `post.${edited.status}` as const, at: now, data: {} }]),
  ];
  return { request: next, state: edited, events, startAt: startAtOf(next, context.policy) };
}

/** A post that a worker has begun stays begun, also where nothing of its media is known yet. */
function statusOf(before: PostState, after: PostState): PostState['status'] {
  const status = statusBeforePublishing(after);
  return status === 'scheduled' && before.status === 'staging' && after.media.length > 0 ? 'staging' : status;
}

/** Its time is another one now: media that were uploaded ahead once may be so again. */
function mayExpireAgain({
  restarts: { expiring: _expiring, ...restarts },
  ...media
}: MediaState): MediaState {
  return { ...media, restarts };
}

/** The states of the new items: each takes that of an old item that is the same object in the same category, if one is left. */
function carryOver(
  before: readonly MediaRequest[],
  states: readonly MediaState[],
  after: readonly MediaRequest[],
  isHeld: boolean,
): MediaState[] {
  const left = new Set(before.keys());
  return after.map((wanted) => {
    for (const item of left) {
      const [had, state] = [before[item], states[item]];
      if (!had || !state || !isSameUpload(had, state, wanted)) continue;
      left.delete(item);
      return describeAnew(had, state, wanted, isHeld);
    }
    return newMediaState();
  });
}

function isSameUpload(had: MediaRequest, state: MediaState, wanted: MediaRequest): boolean {
  return (
    had.bucket === wanted.bucket &&
    had.key === wanted.key &&
    had.versionId === wanted.versionId &&
    (had.category === wanted.category || (state.category !== null && state.category === wanted.category))
  );
}

/** X takes another description for what it has, but none away: without one, the media are uploaded again. */
function describeAnew(
  had: MediaRequest,
  state: MediaState,
  wanted: MediaRequest,
  isHeld: boolean,
): MediaState {
  if (had.altText === wanted.altText) return state;
  if (state.step !== 'ready' && state.step !== 'describe') return state;
  // The call with the former text may be under way and get there after one with the new text.
  const mayBeUnderWay = state.step === 'describe' && isHeld;
  if (wanted.altText === null || mayBeUnderWay) return { ...newMediaState(), learned: state.learned };
  return { ...state, step: 'describe', strikes: {}, notBefore: 0, trouble: null };
}

/** Of plain JSON, whatever the order of its keys. */
function isEqual(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other;
  const [left, right] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  return left.size === right.size && [...left].every(([key, value]) => isEqual(value, right.get(key)));
}
