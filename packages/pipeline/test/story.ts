import {
  type Action,
  type ChangedHistory,
  type MediaCategory,
  type Policy,
  type PostEvent,
  type PostRequest,
  type PostState,
  type Problem,
  type ProcessingReport,
  type Segment,
  type Source,
  type StepEvent,
  type Waiting,
  announce,
  categoryFor,
  decide,
  evolve,
  isParked,
  keyOf,
  newPostState,
} from '../src/core/index.ts';
import { DAY, SECOND, T0, policy as usualPolicy } from './fixtures.ts';

/** What becomes of an action: a problem; X's report on processing; or the worker dies before its outcome is known. */
export type Turn = Problem | { report: ProcessingReport | null } | { dies: true } | { goesWell: true };

const WEEK = 7 * DAY;

export const dies: Turn = { dies: true };
export const goesWell: Turn = { goesWell: true };

export function report(state: string, more: Partial<ProcessingReport> = {}): { report: ProcessingReport } {
  return { report: { state, checkAfterMs: null, progressPercent: null, error: null, ...more } };
}

/** The turns of each kind of action, in order; after the last one everything goes well. */
export type Script = Partial<Record<Action['do'], readonly Turn[]>>;

export interface StoryOptions {
  /** What lies in the store, by item; the last one repeats. */
  sources?: readonly Source[];
  script?: Script;
  policy?: Policy;
  now?: number;
  /** As an earlier worker left the post; that of a post that was just accepted by default. */
  state?: PostState;
  /** The first worker was not given the post back by the one before it. */
  abandoned?: boolean;
  /** Redis had another history when the post was taken in hand. */
  changedHistory?: ChangedHistory;
  /** What the bytes of a segment that the store sent sum up to; nothing by default. */
  checksumOf?: (segment: Segment, mediaId: string) => string | null;
  /** How long X keeps an upload. */
  lifetimeMs?: number;
  /** Decides which of the actions in flight ends next; the first by default. */
  pick?: (count: number) => number;
  jitter?: () => number;
  /** Whether a look at the timeline finds the post, or one that is alike; by default it does not. */
  isOnX?: (now: number, state: PostState) => boolean | 'alike';
  /** The worker is gone after so many moves, and the story is left where it is. */
  moves?: number;
  /** Decides the turn of an action; the script by default. */
  turnOf?: (action: Action, now: number, state: PostState) => Turn;
  /** Names an upload; m1, m2, ... by default. */
  newMediaId?: () => string;
}

export interface Story {
  state: PostState;
  /** The state after everything that was folded. */
  states: PostState[];
  now: number;
  /** Keys of all actions that were begun, in order. */
  actions: string[];
  performed: Action[];
  waits: Waiting[];
  /** Everything that was folded. */
  folded: StepEvent[];
  events: PostEvent[];
}

/** No story of a post is longer; one that is has lost its way. */
const MOST_MOVES = 20_000;

/** Drives a post through decide and evolve alone until it is over: no effects, and time passes only where the post waits. */
export function tell(request: PostRequest, options: StoryOptions = {}): Story {
  const { policy = usualPolicy, pick = () => 0, jitter = () => 0.5 } = options;
  const script = new Map(Object.entries(options.script ?? {}).map(([what, turns]) => [what, [...turns]]));
  const turnOf = options.turnOf ?? ((action: Action) => script.get(action.do)?.shift() ?? goesWell);
  const story: Story = {
    state: options.state ?? newPostState(request),
    now: options.now ?? request.publishAt,
    states: [],
    actions: [],
    performed: [],
    waits: [],
    folded: [],
    events: [],
  };
  let inFlight: Action[] = [];
  let uploads = 0;
  const newMediaId = options.newMediaId ?? (() => `m${++uploads}`);

  const fold = (event: StepEvent): void => {
    const next = evolve(request, story.state, event, policy);
    story.events.push(...announce(story.state, next, event.at));
    story.folded.push(event);
    story.state = next;
    story.states.push(next);
  };

  const succeed = (action: Action, given: ProcessingReport | null | undefined): StepEvent => {
    const { now: at } = story;
    const upload = () => {
      const mediaId = newMediaId();
      const expiresAt = at + (options.lifetimeMs ?? DAY);
      return { at, mediaId, mediaKey: `3_${mediaId}`, expiresAt };
    };
    switch (action.do) {
      case 'inspect': {
        const source = options.sources?.[action.item] ?? options.sources?.at(-1);
        if (!source) throw new Error(`the story says nothing of the object of item ${action.item}`);
        const category = categoryFor(source.mediaType, request.media[action.item]?.category ?? null);
        return { type: 'inspected', at, item: action.item, source, category };
      }
      case 'upload_once':
        return { type: 'uploaded_once', item: action.item, processing: given ?? null, ...upload() };
      case 'initialize':
        return { type: 'initialized', item: action.item, ...upload() };
      case 'append': {
        const { item, mediaId, segment } = action;
        const sum = options.checksumOf ?? (() => null);
        return {
          type: 'appended',
          at,
          item,
          mediaId,
          segment: segment.index,
          checksum: sum(segment, mediaId),
        };
      }
      case 'finalize': {
        const { item, mediaId } = action;
        const processing = given === undefined ? usualReport(categoryAt(item)) : given;
        return { type: 'finalized', at, item, mediaId, expiresAt: null, processing };
      }
      case 'poll': {
        const { item, mediaId } = action;
        const processing = given === undefined ? report('succeeded').report : given;
        return { type: 'polled', at, item, mediaId, processing };
      }
      case 'describe':
        return { type: 'described', at, item: action.item, mediaId: action.mediaId };
      case 'create':
        return { type: 'created', at, xPostId: '1' };
      case 'confirm':
        return looked(options.isOnX?.(at, story.state) ?? false);
    }
  };
  const looked = (isOnX: boolean | 'alike'): StepEvent => {
    const { now: at } = story;
    if (isOnX === 'alike') return { type: 'looked', at, found: null, alike: '2' };
    return { type: 'looked', at, found: isOnX ? { xPostId: '1', publishedAt: at } : null };
  };
  const categoryAt = (item: number): MediaCategory | null => story.state.media[item]?.category ?? null;

  const end = (action: Action): void => {
    inFlight = inFlight.filter((each) => each !== action);
    const turn = turnOf(action, story.now, story.state);
    const { now: at } = story;
    if ('dies' in turn) {
      inFlight = [];
      fold({ type: 'taken_over', at, abandoned: true, jitter: jitter() });
    } else if ('from' in turn) {
      fold({ type: 'failed', at, action, problem: turn, jitter: jitter() });
    } else {
      fold(succeed(action, 'report' in turn ? turn.report : undefined));
    }
  };

  /** What somebody has to end is ended after a week. A post that waited with its account is handed over anew. */
  const waitFor = (waiting: Waiting): void => {
    const until = waiting.until ?? story.now + WEEK;
    if (until <= story.now) throw new Error('the post waits for the past');
    story.now = until;
    if (isParked(story.state.status, waiting) || waiting.until === null)
      fold({ type: 'taken_over', at: story.now, abandoned: false, jitter: jitter() });
  };

  fold({ type: 'taken_over', at: story.now, abandoned: options.abandoned ?? false, jitter: jitter() });
  if (options.changedHistory) fold({ type: 'history_changed', at: story.now, ...options.changedHistory });
  for (let moves = 0; moves < MOST_MOVES; moves++) {
    if (moves === options.moves) return story;
    const decision = decide(request, story.state, {
      now: story.now,
      inFlight: new Set(inFlight.map(keyOf)),
      policy,
    });
    switch (decision.do) {
      case 'done':
        return story;
      case 'note':
        fold(decision.event);
        break;
      case 'wait':
        if (inFlight.length > 0) throw new Error('the post waits while something is under way');
        story.waits.push(decision.waiting);
        fold({ type: 'waited', at: story.now, waiting: decision.waiting });
        waitFor(decision.waiting);
        break;
      case 'start': {
        const clash = decision.actions.find((each) => inFlight.some((other) => keyOf(other) === keyOf(each)));
        if (clash) throw new Error(`${keyOf(clash)} is begun while it is under way`);
        inFlight.push(...decision.actions);
        story.performed.push(...decision.actions);
        story.actions.push(...decision.actions.map(keyOf));
        const next = inFlight[pick(inFlight.length)];
        if (next) end(next);
        else if (decision.wakeAt !== null) story.now = Math.max(story.now, decision.wakeAt);
        else throw new Error('a dead end: nothing to do and nothing to wait for');
        break;
      }
    }
  }
  throw new Error(`the post is not over after ${MOST_MOVES} moves, but ${story.state.status}`);
}

/** X processes what moves, and answers at once for what does not. */
function usualReport(category: MediaCategory | null): ProcessingReport | null {
  return category === 'tweet_image' ? null : report('pending', { checkAfterMs: SECOND }).report;
}

/** What followers were told, in short. */
export function summary(story: Story): string[] {
  return story.events.map(({ type, data }) => {
    if (type === 'media.advanced') return `media ${data.item} ${data.step}`;
    if (type === 'media.restarted') return `media ${data.item} again: ${data.reason}`;
    if (type === 'media.warned') return `media ${data.item} warned`;
    if (type === 'post.waiting') return `waiting: ${data.reason}`;
    if (type === 'post.retrying') return `retrying ${data.item === null ? 'the post' : `media ${data.item}`}`;
    return type;
  });
}

/** How long the post waited for each reason, in order, from the beginning of the story. */
export function waitsOf(story: Story): [reason: string, untilMs: number | null][] {
  return story.waits.map(({ reason, until }) => [reason, until === null ? null : until - T0]);
}
