import { describe, test } from 'vitest';
import {
  CLOCK_SKEW_MS,
  type PostState,
  type Resolution,
  deadlineOf,
  evolve,
  newPostState,
  resolvePost,
} from '../src/core/index.ts';
import { MINUTE, SECOND, T0, answer, policy, requestOf } from './fixtures.ts';

const request = requestOf();

describe('resolve', () => {
  const resolve = (state: PostState, now: number, resolution: Resolution = { outcome: 'retry' }) =>
    resolvePost({ request, state, rev: 1, fence: 1, heldBy: null }, now, resolution);
  const creating = evolve(
    request,
    newPostState(request),
    { type: 'intended', at: T0, deadline: deadlineOf(T0, policy) },
    policy,
  );
  const unclear = evolve(
    request,
    creating,
    { type: 'failed', at: T0 + SECOND, action: { do: 'create' }, problem: answer(503), jitter: 0 },
    policy,
  );
  const lostAt = T0 + 10 * MINUTE;
  const lose = (state: PostState): PostState =>
    evolve(
      request,
      state,
      { type: 'history_changed', at: lostAt, history: 'b', since: lostAt, lossy: true },
      policy,
    );

  test('as not there is too early while a create may be under way, by any clock', ({ expect }) => {
    const until = deadlineOf(T0, policy) + CLOCK_SKEW_MS;
    for (const outcome of ['retry', 'fail'] as const) {
      expect(resolve(unclear, until - 1, { outcome })).toEqual({ refused: 'too_early', until });
      expect(resolve(unclear, until, { outcome })).toHaveProperty('state');
    }
    expect(resolve(unclear, T0, { outcome: 'published', xPostId: '1', publishedAt: T0 })).toMatchObject({
      state: { status: 'published', publish: { doubt: null } },
    });
  });

  // Whoever had the post when Redis forgot it may be calling X until then, and left no intent behind.
  test.for([
    ['that was forgotten', newPostState(request)],
    ['that was in doubt already', unclear],
  ] satisfies [string, PostState][])('of one %s is too early just the same', ([, before], { expect }) => {
    const until = deadlineOf(lostAt, policy) + CLOCK_SKEW_MS;
    const state = lose(before);
    expect(resolve(state, until - 1)).toEqual({ refused: 'too_early', until });
    expect(resolve(state, until)).toHaveProperty('state');
  });

  test('once every look was in vain is never too early', ({ expect }) => {
    const looks = unclear.publish.doubt?.lookAts ?? [];
    const unconfirmed = looks.reduce(
      (state, at) => evolve(request, state, { type: 'looked', at, found: null }, policy),
      unclear,
    );
    expect(unconfirmed.status).toBe('unconfirmed');
    expect(resolve(unconfirmed, T0)).toMatchObject({
      startAt: T0,
      state: { failure: null, publish: { doubt: null, intent: null, unclearSince: T0, evenIfLate: true } },
    });
  });
});
