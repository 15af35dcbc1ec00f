import {
  type Action,
  type Block,
  type ChangedHistory,
  type PostEvent,
  type PostRequest,
  type PostState,
  type Progress,
  type Status,
  type StepEvent,
  type Waiting,
  announce,
  deadlineOf,
  decide,
  evolve,
  isOfApp,
  isParked,
  keyOf,
} from './core/index.ts';
import { createInbox } from './inbox.ts';
import { type Perform, perform as performForReal } from './perform/perform.ts';
import { NOT_MADE, quotaCallOf } from './perform/quota-call.ts';
import { unlessAborted } from './perform/unless-aborted.ts';
import { createProgress } from './progress.ts';
import type { World } from './world.ts';

/** Another worker, or the owner of the post, has taken the record: stop before the next effect. */
export class LostPost extends Error {
  override readonly name = 'LostPost';
}

export type Outcome =
  | { kind: 'done'; status: Status }
  | { kind: 'wait'; waiting: Waiting & { until: number } }
  /** Its account is held back: it waits in the account's backlog and is handed over anew. */
  | { kind: 'parked'; waiting: Waiting }
  /** The worker is stopping: another may go on at once. */
  | { kind: 'handed_back' };

export interface SaveOptions {
  /** Gives the post out of hand until then. */
  release?: { until: number };
  /** Puts the post back into its account's backlog, and notes this block there; null: it is noted already. */
  park?: { block: Block | null };
  /** Nothing is saved where Redis has another history than this one; null: than the one that the post was accepted in. */
  ifHistory?: string | null;
}

export interface RunOptions {
  world: World;
  /** A worker died with this post in hand. */
  abandoned: boolean;
  changedHistory: ChangedHistory | null;
  /** Saves the state and its events in one step, under this worker's fence; rejects with `LostPost` when the fence is gone. */
  save(state: PostState, events: PostEvent[], options: SaveOptions): Promise<ChangedHistory | null>;
  /** Makes sure, before an effect, that the post is still this worker's; rejects with `LostPost` when it is not. */
  hold(): Promise<void>;
  /** Resolves once what was saved can not be lost any more, as far as is configured; false when that cannot be had now. */
  durable(): Promise<boolean>;
  /** Stop at the next checkpoint: nothing new is started. */
  stopping: AbortSignal;
  /** Stop now: effects are cut off. Also aborted, with `LostPost`, when the fence is known to be gone. */
  abort: AbortSignal;
  onProgress: (progress: Progress) => void;
  perform?: Perform;
}

type Credentials = Awaited<ReturnType<World['accounts']['credentialsOf']>>;
type Arrival = { action: Action } & ({ event: StepEvent } | { error: unknown });

/** Works on a post as long as there is something to do: decide, perform, evolve, save. */
export async function run(
  post: { request: PostRequest; state: PostState },
  options: RunOptions,
): Promise<Outcome> {
  const { world, stopping, abort, perform = performForReal } = options;
  const { clock, policy } = world;
  const { request } = post;
  let { state } = post;

  const inbox = createInbox<Arrival>();
  const inFlight = new Map<string, Promise<void>>();
  const effects = new AbortController();
  const progress = createProgress(request.id, clock.now, () => state, options.onProgress);

  const start = async (action: Action): Promise<void> => {
    await options.hold();
    const onBytes = progress.sending(action);
    const done = perform(world, action, { request, state }, { signal: effects.signal, onBytes }).then(
      (event) => inbox.put({ action, event }),
      (error: unknown) => inbox.put({ action, error }),
    );
    inFlight.set(keyOf(action), done);
  };

  /** False when nothing was folded: Redis has another history, and what that may mean has to be settled first. */
  const fold = async (
    events: StepEvent[],
    giveBack: Pick<SaveOptions, 'release' | 'park'> | null = null,
  ): Promise<boolean> => {
    const before = state;
    const told: PostEvent[] = [];
    for (const event of events) {
      const next = evolve(request, state, event, policy);
      told.push(...announce(state, next, event.at));
      state = next;
    }
    if (state === before && !giveBack) return true;
    const changed = await options.save(state, told, {
      ...giveBack,
      ...(needsKnownHistory(before, state) ? { ifHistory: before.publish.history } : {}),
    });
    if (!changed) return true;
    state = before;
    await fold([{ type: 'history_changed', at: clock.now(), ...changed }]);
    return false;
  };

  /** Of the account, before anything is written: a call whose credentials are not at hand would have to be called off. */
  const credentials = async (): Promise<Credentials | null> => {
    try {
      return await unlessAborted(world.accounts.credentialsOf(request.accountId), abort);
    } catch (error) {
      if (abort.aborted) return null;
      throw error;
    }
  };

  const hold = async (waiting: Waiting): Promise<void> => {
    await fold([{ type: 'held', at: clock.now(), action: { do: 'create' }, waiting }]);
  };

  /** Writes the intent to create the post, where X's limits and the budgets let it, and makes sure that it stays written. */
  const intend = async (): Promise<void> => {
    const found = await credentials();
    if (!found) return;
    if ('waiting' in found) return hold(found.waiting);
    // To refresh them may have taken its time.
    const at = clock.now();
    const event = { type: 'intended', at, deadline: deadlineOf(at, policy) } as const;
    const intended = { request, state: evolve(request, state, event, policy) };
    const account = await world.accounts.find(request.accountId);
    const call = quotaCallOf(world, { do: 'create' }, intended, account);
    const waiting = await world.quota.take(call);
    if (waiting) return hold(waiting);
    const isWritten = await fold([event]).catch(async (error: unknown) => {
      if (error instanceof LostPost) await world.quota.settle(call, NOT_MADE);
      throw error;
    });
    if (isWritten && (await options.durable())) return;
    await world.quota.settle(call, NOT_MADE);
    if (!isWritten) return;
    const message = 'Too few replicas of Redis have the intent to create the post; X was not called.';
    await fold([{ type: 'called_off', at: clock.now(), message, jitter: world.random() }]);
  };

  const receive = async (wakeAt: number | null): Promise<void> => {
    const events: StepEvent[] = [];
    for (const arrival of await inbox.take(wakeAt, clock.now)) {
      inFlight.delete(keyOf(arrival.action));
      progress.ended(arrival.action);
      if ('event' in arrival) events.push(arrival.event);
      // An effect that was cut off says so by the abort's own reason: nothing is known of it, and nothing is folded.
      else if (!effects.signal.aborted) throw arrival.error;
    }
    await fold(events);
  };

  const onStopping = (): void => inbox.poke();
  const onAbort = (): void => {
    effects.abort(abort.reason);
    inbox.poke();
  };
  stopping.addEventListener('abort', onStopping);
  abort.addEventListener('abort', onAbort);
  if (abort.aborted) onAbort();

  try {
    const { abandoned, changedHistory } = options;
    const at = clock.now();
    await fold([
      { type: 'taken_over', at, abandoned, jitter: world.random() },
      ...(changedHistory ? [{ type: 'history_changed', at, ...changedHistory } as const] : []),
    ]);
    for (;;) {
      if (abort.reason instanceof LostPost) throw abort.reason;
      const halted = stopping.aborted || abort.aborted;
      const decision = decide(request, state, {
        now: clock.now(),
        inFlight: new Set(inFlight.keys()),
        policy,
      });
      switch (decision.do) {
        case 'done':
          return { kind: 'done', status: state.status };
        case 'wait': {
          const { waiting } = decision;
          const waited: StepEvent = { type: 'waited', at: clock.now(), waiting };
          if (isParked(state.status, waiting)) {
            await fold([waited], { park: { block: await blockOf(waiting) } });
            return { kind: 'parked', waiting };
          }
          const until = waiting.until ?? clock.now() + policy.parkMs;
          await fold([waited], { release: { until } });
          return { kind: 'wait', waiting: { ...waiting, until } };
        }
        case 'note':
          if (decision.event.type !== 'intended') await fold([decision.event]);
          else if (halted) return await handBack();
          else await intend();
          break;
        case 'start': {
          // A create whose intent is written must go out even while stopping: otherwise it would have to be doubted.
          // Nothing at all can go out any more once effects are cut off.
          const actions = halted
            ? decision.actions.filter(({ do: what }) => what === 'create' && !abort.aborted)
            : decision.actions;
          for (const action of actions) await start(action);
          if (inFlight.size === 0 && halted) return await handBack();
          if (inFlight.size === 0 && decision.wakeAt === null)
            throw new Error('a post has nothing to do and nothing to wait for');
          await receive(decision.wakeAt);
          break;
        }
      }
    }
  } finally {
    stopping.removeEventListener('abort', onStopping);
    abort.removeEventListener('abort', onAbort);
    effects.abort(new Error('the run is over'));
    await Promise.all(inFlight.values());
  }

  /** What keeps the account from posting, as all its posts are to know it. */
  async function blockOf({ cause, until, detail, app: known }: Waiting): Promise<Block | null> {
    // Its owner's pause is noted where it was made.
    if (cause === undefined || cause === 'paused') return null;
    const app = known ?? (isOfApp(cause) ? (await world.accounts.find(request.accountId))?.app : undefined);
    return { cause, since: clock.now(), until, detail: detail ?? '', ...(app !== undefined && { app }) };
  }

  async function handBack(): Promise<Outcome> {
    await fold([], { release: { until: clock.now() } });
    return { kind: 'handed_back' };
  }
}

/** To create a post, and to say that it is not on X, takes a Redis that has not forgotten that it was created. */
function needsKnownHistory(before: PostState, after: PostState): boolean {
  if (after.status === 'failed' || after.status === 'missed') return true;
  return after.status === 'publishing' && before.status !== 'publishing' && after.publish.doubt === null;
}
