import { createXClient } from '@slipway/x-media';
import { describe, test } from 'vitest';
import {
  type Action,
  type ChangedHistory,
  type PostEvent,
  type PostRequest,
  type PostState,
  type Problem,
  type StepEvent,
  type Waiting,
  newPostState,
} from '../src/core/index.ts';
import {
  LostPost,
  type Quota,
  type QuotaCall,
  type Outcome,
  type RunOptions,
  type SaveOptions,
  type World,
  createObjects,
  run,
} from '../src/index.ts';
import { videoAt } from './failure-cases.ts';
import {
  MINUTE,
  SECOND,
  T0,
  answer,
  noAccounts,
  noLimits,
  policy,
  requestOf,
  reset,
  videoRequest,
} from './fixtures.ts';

// The effects are the test's: nothing of this is reached, the clock, the dice and the policy aside.
const world: World = {
  x: createXClient({ baseUrl: 'http://127.0.0.1:1' }),
  objects: createObjects({ s3Endpoint: 'http://127.0.0.1:1', s3Region: 'us-east-1', s3ForcePathStyle: true }),
  accounts: noAccounts,
  quota: noLimits,
  policy,
  clock: { now: () => T0 },
  random: () => 0.5,
};
const textPost = requestOf();
const videoPost = requestOf({ media: [videoRequest()] });
const sending: PostState = { ...newPostState(videoPost), status: 'staging', media: [videoAt()] };
const changed: ChangedHistory = { history: 'new', since: T0, lossy: true };

interface Log {
  /** What the run did, in order: `hold`, `save <status>`, `durable`, and its actions by name. */
  told: string[];
  saved: { state: PostState; events: PostEvent[]; options: SaveOptions }[];
  outcome: Promise<Outcome>;
}

/** Runs a post whose effects end as the test says. */
function begin(
  request: PostRequest,
  ends: (action: Action) => StepEvent,
  options: Partial<Pick<RunOptions, 'changedHistory' | 'durable' | 'hold'>> & {
    state?: PostState;
    quota?: Quota;
    /** The history that Redis has when this is to be saved; null: the one that the post knows. */
    historyAt?: (state: PostState, options: SaveOptions) => ChangedHistory | null;
  } = {},
): Log {
  const told: string[] = [];
  const saved: Log['saved'] = [];
  const { state = newPostState(request), historyAt = () => null, hold, durable } = options;
  const outcome = run(
    { request, state },
    {
      world: { ...world, quota: options.quota ?? noLimits },
      abandoned: false,
      changedHistory: options.changedHistory ?? null,
      stopping: new AbortController().signal,
      abort: new AbortController().signal,
      perform: async (_world, action) => {
        told.push(action.do);
        return ends(action);
      },
      onProgress: () => undefined,
      save: async (next, events, saveOptions) => {
        const history = historyAt(next, saveOptions);
        told.push(history ? `refused ${next.status}` : `save ${next.status}`);
        if (!history) saved.push({ state: next, events, options: saveOptions });
        return history;
      },
      hold: async () => {
        told.push('hold');
        await hold?.();
      },
      durable: async () => {
        told.push('durable');
        return durable ? durable() : true;
      },
    },
  );
  return { told, saved, outcome };
}

const created = (): StepEvent => ({ type: 'created', at: T0, xPostId: '1' });

describe('the intent to create a post', () => {
  test('is saved, made durable, and only then followed by the call', async ({ expect }) => {
    const { told, saved, outcome } = begin(textPost, created);
    expect(await outcome).toEqual({ kind: 'done', status: 'published' });
    expect(told).toEqual(['save publishing', 'durable', 'hold', 'create', 'save published']);
    // Under the history that it was accepted in; that it is published is true in any.
    expect(saved.map(({ options }) => options)).toEqual([{ ifHistory: null }, {}]);
    expect(saved[0]?.state.publish.intent).toEqual({ attempt: 1, startedAt: T0, deadline: T0 + 40 * SECOND });
  });

  test('that cannot be made durable is taken back: X is not called, and nothing is counted', async ({
    expect,
  }) => {
    const { told, saved, outcome } = begin(textPost, created, { durable: async () => false });
    expect(await outcome).toMatchObject({ kind: 'wait', waiting: { reason: 'backoff' } });
    expect(told).toEqual(['save publishing', 'durable', 'save scheduled', 'save scheduled']);
    expect(saved.at(-1)?.state).toMatchObject({
      status: 'scheduled',
      publish: { attempts: 0, intent: null, doubt: null, unclearSince: null },
      waiting: { reason: 'backoff', detail: expect.stringContaining('X was not called') },
    });
  });

  test('is refused where Redis has forgotten something: the post is looked for instead', async ({
    expect,
  }) => {
    const look = (): StepEvent => ({ type: 'looked', at: T0, found: { xPostId: '9', publishedAt: T0 } });
    const { told, saved, outcome } = begin(textPost, look, {
      historyAt: (_state, { ifHistory }) => (ifHistory === null ? changed : null),
    });
    expect(await outcome).toMatchObject({ kind: 'wait', waiting: { reason: 'confirming' } });
    expect(told).toEqual(['refused publishing', 'save publishing', 'save publishing']);
    for (const { state } of saved) {
      expect(state.publish).toMatchObject({
        intent: null,
        attempts: 0,
        history: 'new',
        doubt: { cause: 'lost_writes', since: T0 },
      });
    }
    expect(saved.flatMap(({ events }) => events.map(({ type }) => type))).toEqual([
      'post.publishing',
      'post.waiting',
    ]);
  });

  test('is saved under the history that the post has come to know', async ({ expect }) => {
    const state: PostState = {
      ...newPostState(textPost),
      publish: { ...newPostState(textPost).publish, history: 'b' },
    };
    const { saved, outcome } = begin(textPost, created, { state });
    await outcome;
    expect(saved[0]?.options).toEqual({ ifHistory: 'b' });
  });
});

describe('that a post is not on X', () => {
  const failing =
    (problem: Problem) =>
    (action: Action): StepEvent => ({ type: 'failed', at: T0, action, problem, jitter: 0.5 });
  const refused = failing(answer(403, 'You are not permitted to perform this action.'));

  test('is said only by a Redis that has forgotten nothing', async ({ expect }) => {
    const fine = begin(textPost, refused);
    expect(await fine.outcome).toEqual({ kind: 'done', status: 'failed' });
    expect(fine.saved.at(-1)?.options).toEqual({ ifHistory: null });

    const { told, saved, outcome } = begin(textPost, refused, {
      historyAt: ({ status }, { ifHistory }) => (status === 'failed' && ifHistory === null ? changed : null),
    });
    expect(await outcome).toMatchObject({ kind: 'wait', waiting: { reason: 'confirming' } });
    expect(told.slice(-4)).toEqual(['create', 'refused failed', 'save publishing', 'save publishing']);
    expect(saved.at(-1)?.state.publish.doubt?.cause).toBe('lost_writes');
  });

  test('is not said of one that is late', async ({ expect }) => {
    const late = requestOf({ ifLate: 'skip', publishAt: T0 - 60 * MINUTE });
    const { told, saved, outcome } = begin(late, created, {
      historyAt: ({ status }, { ifHistory }) => (status === 'missed' && ifHistory === null ? changed : null),
    });
    expect(await outcome).toMatchObject({ kind: 'wait', waiting: { reason: 'confirming' } });
    expect(told).not.toContain('create');
    expect(saved.at(-1)?.state.status).toBe('publishing');
  });

  test('is not what an unclear answer says, whatever Redis has forgotten', async ({ expect }) => {
    const { saved, outcome } = begin(textPost, failing(reset));
    expect(await outcome).toMatchObject({ kind: 'wait', waiting: { reason: 'confirming' } });
    expect(saved.at(-1)?.options).toEqual({ release: { until: T0 + 40 * SECOND } });
  });
});

describe('a worker that has lost its hold on a post', () => {
  test('stops before the next effect, and saves nothing more', async ({ expect }) => {
    const { told, outcome } = begin(videoPost, created, {
      state: sending,
      hold: () => Promise.reject(new LostPost('taken')),
    });
    await expect(outcome).rejects.toBeInstanceOf(LostPost);
    expect(told).toEqual(['hold']);
  });

  test('does not create the post, though its intent is saved', async ({ expect }) => {
    const { told, outcome } = begin(textPost, created, { hold: () => Promise.reject(new LostPost('taken')) });
    await expect(outcome).rejects.toBeInstanceOf(LostPost);
    expect(told).toEqual(['save publishing', 'durable', 'hold']);
  });

  test('asks before each effect, those side by side too', async ({ expect }) => {
    let holds = 0;
    const { told, outcome } = begin(
      videoPost,
      () => ({ type: 'waited', at: T0, waiting: { reason: 'backoff', until: T0 + SECOND, detail: null } }),
      {
        state: sending,
        hold: async () => {
          if (++holds === 3) throw new LostPost('taken');
        },
      },
    );
    await expect(outcome).rejects.toBeInstanceOf(LostPost);
    expect(told).toEqual(['hold', 'append', 'hold', 'append', 'hold']);
  });
});

test('a post that is taken in hand under another history is looked for before anything else', async ({
  expect,
}) => {
  const { told, saved, outcome } = begin(textPost, created, { changedHistory: changed });
  expect(await outcome).toMatchObject({ kind: 'wait', waiting: { reason: 'confirming' } });
  expect(told).toEqual(['save publishing', 'save publishing']);
  expect(saved[0]?.state.publish).toMatchObject({ history: 'new', doubt: { cause: 'lost_writes' } });
});

describe('the share of X’s limits that a create takes', () => {
  /** Tells what was taken and what came of it. */
  function counted(waiting: Waiting | null = null): { told: string[]; calls: QuotaCall[]; quota: Quota } {
    const told: string[] = [];
    const calls: QuotaCall[] = [];
    const quota: Quota = {
      take: async (call) => {
        told.push('take');
        calls.push(call);
        return waiting;
      },
      settle: async (call, { outcome }) => {
        told.push(outcome);
        calls.push(call);
      },
    };
    return { told, calls, quota };
  }

  test('is taken before the intent is written, for what the create costs, in the month of the intent', async ({
    expect,
  }) => {
    const { told, calls, quota } = counted();
    expect(await begin(textPost, created, { quota }).outcome).toMatchObject({ kind: 'done' });
    // What comes of the call itself is told by the effect, which is the test's here.
    expect(told).toEqual(['take']);
    expect(calls).toEqual([
      {
        accountId: textPost.accountId,
        app: 'default',
        endpoint: 'POST /2/tweets',
        costMicroUsd: 15_000,
        at: T0,
        isLook: false,
      },
    ]);
  });

  test('that is not to be had leaves no intent behind: the post waits, and nothing is counted', async ({
    expect,
  }) => {
    const waiting: Waiting = { reason: 'rate_limit', until: T0 + MINUTE, detail: 'no more' };
    const { told, quota } = counted(waiting);
    const run = begin(textPost, created, { quota });
    expect(await run.outcome).toEqual({ kind: 'wait', waiting });
    expect(told).toEqual(['take']);
    expect(run.told).not.toContain('create');
    expect(run.saved.every(({ state }) => state.status === 'scheduled')).toBe(true);
    expect(run.saved.at(-1)?.state.publish).toMatchObject({ attempts: 0, intent: null });
  });

  test.for<[string, Parameters<typeof begin>[2]]>([
    ['cannot be made durable', { durable: async () => false }],
    [
      'is refused, as Redis has forgotten something',
      { historyAt: ({ status, publish }) => (status === 'publishing' && !publish.doubt ? changed : null) },
    ],
    [
      'comes too late, as another worker has the post',
      {
        historyAt: () => {
          throw new LostPost('gone');
        },
      },
    ],
  ])('is given back where the intent %s', async ([, options], { expect }) => {
    const { told, calls, quota } = counted();
    const look = (): StepEvent => ({ type: 'looked', at: T0, found: { xPostId: '9', publishedAt: T0 } });
    await begin(textPost, look, { ...options, quota }).outcome.catch(() => undefined);
    expect(told).toEqual(['take', 'not_sent']);
    expect(calls[1]).toEqual(calls[0]);
  });
});
