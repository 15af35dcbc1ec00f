import { describe, test } from 'vitest';
import { type PostRequest, decide, newPostState } from '../src/core/index.ts';
import {
  HOUR,
  MINUTE,
  SECOND,
  T0,
  answer,
  image,
  imageRequest,
  policy,
  requestOf,
  reset,
  video,
  videoRequest,
} from './fixtures.ts';
import { type StoryOptions, tell } from './story.ts';

const LATE = T0 + policy.lateAfterMs + 1;
const textPost = requestOf({ ifLate: 'skip' });
const imagePost = requestOf({ ifLate: 'skip', media: [imageRequest()] });
const videoPost = requestOf({ ifLate: 'skip', media: [videoRequest()] });
const of = (request: PostRequest, options: StoryOptions = {}) =>
  tell(request, { sources: [request === videoPost ? video : image], ...options });

describe('a post that is to be on time or not at all', () => {
  test('is posted as long as it is not later than allowed', ({ expect }) => {
    expect(of(textPost, { now: LATE - 1 }).state.status).toBe('published');
  });

  test('is missed after that, before anything is uploaded', ({ expect }) => {
    const story = of(imagePost, { now: LATE });
    expect(story.actions).toEqual([]);
    expect(story.state).toMatchObject({
      status: 'missed',
      waiting: null,
      failure: {
        code: 'missed',
        retryable: true,
        step: 'publish',
        field: 'publishAt',
        at: LATE,
        message: expect.stringMatching(/15 minutes ago.*no worker had it ready/),
        hint: expect.stringContaining('/retry'),
      },
    });
    expect(story.events.at(-1)).toMatchObject({ type: 'post.missed', data: { failure: { code: 'missed' } } });
  });

  test('is missed when all is uploaded and X does not take it in time: the message says why', ({
    expect,
  }) => {
    const broke = answer(402, 'No credits.');
    const story = of(imagePost, { script: { create: [broke, broke] } });
    expect(story.actions.filter((key) => key === 'create')).toHaveLength(2);
    expect(story.state).toMatchObject({
      status: 'missed',
      media: [{ step: 'ready' }],
      publish: { attempts: 0 },
    });
    expect(story.state.failure?.message).toContain('it waited (credits): No credits.');
  });

  test('is missed in the middle of an upload', ({ expect }) => {
    const outage = Array.from({ length: 300 }, () => answer(503, 'Over capacity.'));
    const story = of(videoPost, { script: { append: outage } });
    expect(story.state).toMatchObject({ status: 'missed', media: [{ step: 'append' }] });
    expect(story.state.failure?.message).toMatch(/it waited \((backoff|x_incident)\): Over capacity\./);
    expect(story.now).toBeGreaterThanOrEqual(LATE);
    expect(story.now).toBeLessThan(LATE + MINUTE);
  });

  test('is not missed while something is under way: its news are part of the story', ({ expect }) => {
    const state = { ...newPostState(videoPost), status: 'staging' as const };
    const moment = { now: LATE, policy, inFlight: new Set(['inspect:0']) };
    expect(decide(videoPost, state, moment)).toEqual({ do: 'start', actions: [], wakeAt: null });
    expect(decide(videoPost, state, { ...moment, inFlight: new Set() })).toMatchObject({
      do: 'note',
      event: { type: 'missed' },
    });
  });

  test('is never missed once it may be on X: it is looked for, and created again', ({ expect }) => {
    const impatient = { ...policy, lateAfterMs: 0 };
    const story = of(imagePost, { policy: impatient, script: { create: [reset] } });
    expect(story.state).toMatchObject({ status: 'published', publish: { attempts: 2 } });
  });

  test('is looked for before it is missed where Redis may have forgotten that it was created', ({
    expect,
  }) => {
    const changedHistory = { history: 'new', since: T0 + HOUR, lossy: true };
    const found = of(textPost, { now: T0 + HOUR, changedHistory, isOnX: () => true });
    expect(found.state.status).toBe('published');
    const missed = of(textPost, { now: T0 + HOUR, changedHistory });
    expect(missed.actions).toEqual(Array.from({ length: 5 }, () => 'confirm'));
    expect(missed.state.status).toBe('missed');
  });

  test('is posted all the same when a person wants it', ({ expect }) => {
    const state = newPostState(textPost);
    const wanted = { ...state, publish: { ...state.publish, evenIfLate: true } };
    expect(of(textPost, { now: T0 + 5 * HOUR, state: wanted }).state.status).toBe('published');
  });
});

test('any other post is posted late', ({ expect }) => {
  for (const ifLate of [{}, { ifLate: 'publish' } as const])
    expect(of(requestOf(ifLate), { now: T0 + 100 * HOUR + SECOND }).state.status).toBe('published');
});
