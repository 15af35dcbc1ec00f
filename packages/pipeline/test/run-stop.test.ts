import { createXClient } from '@slipway/x-media';
import { describe, test } from 'vitest';
import { type PostEvent, type PostRequest, type PostState, newPostState } from '../src/core/index.ts';
import { LostPost, type Outcome, type Perform, type World, createObjects, run } from '../src/index.ts';
import { T0, imageRequest, noAccounts, noLimits, policy, requestOf } from './fixtures.ts';

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

interface Running {
  outcome: Promise<Outcome>;
  stopping: AbortController;
  abort: AbortController;
  saved: { state: PostState; events: PostEvent[]; release: { until: number } | null }[];
  /** Actions that were begun, by name; resolves the wait for the n-th. */
  begun: string[];
  beginning: Promise<void>;
}

/** Runs a post whose first effect never ends by itself. */
function begin(request: PostRequest): Running {
  const begun: string[] = [];
  const { promise: beginning, resolve } = Promise.withResolvers<void>();
  const hang: Perform = (_world, action, _post, { signal }) => {
    begun.push(action.do);
    resolve();
    const { promise, reject } = Promise.withResolvers<never>();
    // A second effect is a defect: it hangs for good, for an endless loop would never let the test fail.
    if (begun.length === 1) signal.addEventListener('abort', () => reject(signal.reason));
    return promise;
  };
  const stopping = new AbortController();
  const abort = new AbortController();
  const saved: Running['saved'] = [];
  const outcome = run(
    { request, state: newPostState(request) },
    {
      world,
      abandoned: false,
      changedHistory: null,
      stopping: stopping.signal,
      abort: abort.signal,
      perform: hang,
      onProgress: () => undefined,
      save: async (state, events, { release }) => {
        saved.push({ state, events, release: release ?? null });
        return null;
      },
      hold: async () => {},
      durable: async () => true,
    },
  );
  return { outcome, stopping, abort, saved, begun, beginning };
}

describe('a worker that stops', { timeout: 5_000 }, () => {
  const posts: [string, PostRequest][] = [
    ['an upload', requestOf({ media: [imageRequest()] })],
    ['the creation of the post', requestOf({ text: 'hello' })],
  ];

  test.for(posts)('cuts off %s once, and hands the post back', async ([, request], { expect }) => {
    const running = begin(request);
    await running.beginning;
    running.stopping.abort();
    running.abort.abort(new Error('the worker is stopping'));
    expect(await running.outcome).toEqual({ kind: 'handed_back' });
    expect(running.begun).toHaveLength(1);
    expect(running.saved.at(-1)?.release).toEqual({ until: T0 });
  });

  test.for(posts)('that only cuts off %s does not begin it again', async ([, request], { expect }) => {
    const running = begin(request);
    await running.beginning;
    running.abort.abort(new Error('out of patience'));
    expect(await running.outcome).toEqual({ kind: 'handed_back' });
    expect(running.begun).toHaveLength(1);
  });

  test('leaves the intent of a creation that it cut off, for the next worker to doubt', async ({
    expect,
  }) => {
    const running = begin(requestOf({ text: 'hello' }));
    await running.beginning;
    running.stopping.abort();
    running.abort.abort(new Error('the worker is stopping'));
    await running.outcome;
    const { status, publish } = running.saved.at(-1)?.state ?? newPostState({ media: [] });
    expect([status, publish.intent?.attempt]).toEqual(['publishing', 1]);
  });

  test('lets a creation that is under way finish', async ({ expect }) => {
    const request = requestOf({ text: 'hello' });
    const stopping = new AbortController();
    const outcome = await run(
      { request, state: newPostState(request) },
      {
        world,
        abandoned: false,
        changedHistory: null,
        stopping: stopping.signal,
        abort: new AbortController().signal,
        perform: async () => {
          stopping.abort();
          return { type: 'created', at: T0, xPostId: '1' };
        },
        onProgress: () => undefined,
        save: async () => null,
        hold: async () => {},
        durable: async () => true,
      },
    );
    expect(outcome).toEqual({ kind: 'done', status: 'published' });
  });

  test('writes no intent any more', async ({ expect }) => {
    const request = requestOf({ text: 'hello' });
    const stopping = new AbortController();
    stopping.abort();
    const saved: PostState[] = [];
    const outcome = await run(
      { request, state: newPostState(request) },
      {
        world,
        abandoned: false,
        changedHistory: null,
        stopping: stopping.signal,
        abort: new AbortController().signal,
        perform: () => Promise.reject(new Error('nothing may be done')),
        onProgress: () => undefined,
        save: async (state) => {
          saved.push(state);
          return null;
        },
        hold: async () => {},
        durable: async () => true,
      },
    );
    expect(outcome).toEqual({ kind: 'handed_back' });
    expect(saved.map(({ status }) => status)).toEqual(['scheduled']);
  });
});

test('a run that lost its post does nothing more, and says so', async ({ expect }) => {
  const running = begin(requestOf({ media: [imageRequest()] }));
  await running.beginning;
  running.abort.abort(new LostPost('taken'));
  await expect(running.outcome).rejects.toBeInstanceOf(LostPost);
  // The save when the post was taken in hand, and none after it.
  expect(running.saved).toHaveLength(1);
});
