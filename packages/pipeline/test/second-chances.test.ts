import { describe, test } from 'vitest';
import {
  type PostRecord,
  type PostRequest,
  type PostState,
  STATUSES,
  type Status,
  newPostState,
  resolvePost,
  retryPost,
} from '../src/core/index.ts';
import {
  HOUR,
  SECOND,
  T0,
  answer,
  image,
  imageRequest,
  requestOf,
  reset,
  video,
  videoRequest,
} from './fixtures.ts';
import { type Story, type StoryOptions, goesWell, report, tell } from './story.ts';

const videoPost = requestOf({ media: [videoRequest()] });
const imagePost = requestOf({ media: [imageRequest()] });
const textPost = requestOf();
const of = (request: PostRequest, options: StoryOptions = {}) =>
  tell(request, { sources: [request === videoPost ? video : image], ...options });
const recordOf = (state: PostState, request = imagePost): PostRecord => ({
  request,
  state,
  rev: 1,
  fence: 1,
  heldBy: null,
});
const inStatus = (status: Status): PostRecord =>
  recordOf({ ...newPostState(imagePost), status, failure: failed.failure });
const refusal = answer(400, 'The total_bytes field is wrong.');
const failed = of(textPost, { script: { create: [refusal] } }).state;
const now = T0 + HOUR;

describe('a retry', () => {
  /** A story that ended badly, told on after its second chance. */
  function again(
    { state, now: at }: Pick<Story, 'state' | 'now'>,
    from: 'checkpoint' | 'start',
    request: PostRequest,
    options: StoryOptions = {},
  ): Story {
    const retried = retryPost(recordOf(state, request), at, from);
    if (!retried) throw new Error(`it is ${state.status}`);
    return of(request, { now: at, state: retried.state, ...options });
  }

  test('is for posts that failed or were missed, and no others', ({ expect }) => {
    const allowed = STATUSES.filter((status) => retryPost(inStatus(status), now, 'checkpoint'));
    expect(allowed).toEqual(['failed', 'missed']);
  });

  test('keeps the segments that X has, and sends the others', ({ expect }) => {
    const story = of(videoPost, { script: { append: [goesWell, goesWell, refusal] } });
    expect(story.state.failure?.code).toBe('x_rejected');
    const next = again(story, 'checkpoint', videoPost);
    expect(next.actions).toEqual(['append:0:2', 'finalize:0', 'poll:0', 'create']);
    expect(next.state).toMatchObject({ status: 'published', failure: null });
  });

  test('from the start looks at every object anew and uploads it', ({ expect }) => {
    const story = of(videoPost, { script: { create: [refusal] } });
    expect(again(story, 'checkpoint', videoPost).actions).toEqual(['create']);
    expect(again(story, 'start', videoPost).actions.slice(0, 2)).toEqual(['inspect:0', 'initialize:0']);
  });

  test('goes on with an upload that X processes, however long ago it began to', ({ expect }) => {
    const story = of(videoPost, { script: { poll: [report('in_progress'), refusal] } });
    expect(story.state.failure?.step).toBe('processing');
    const next = again({ ...story, now: story.now + 10 * HOUR }, 'checkpoint', videoPost, {
      script: { poll: [report('in_progress')] },
    });
    expect(next.actions).toEqual(['poll:0', 'poll:0', 'create']);
    expect(next.state.media[0]?.restarts).toEqual({});
  });

  test('takes a duplicate for proof of a create that was given up', ({ expect }) => {
    const { state, now: at } = of(textPost, { script: { create: [reset] } });
    const given = resolvePost(recordOf(state, textPost), at, { outcome: 'fail' });
    if ('refused' in given) throw new Error(given.refused);
    const duplicate = answer(403, 'You are not allowed to create a Tweet with duplicate content.');
    const next = again({ state: given.state, now: at }, 'checkpoint', textPost, {
      script: { create: [duplicate] },
    });
    expect(next.actions).toEqual(['create', ...Array.from({ length: 5 }, () => 'confirm')]);
    expect(next.state.status).toBe('unconfirmed');
  });
});

describe('a resolution', () => {
  const story = of(imagePost, { script: { create: [reset, reset] } });
  const unconfirmed = story.state;
  const open = story.states.find(({ publish }) => publish.doubt) ?? unconfirmed;
  const found = { outcome: 'published', xPostId: '9', publishedAt: T0 + SECOND } as const;
  const resolutions = [found, { outcome: 'retry' }, { outcome: 'fail' }] as const;

  test('is for posts that are unconfirmed or being looked for, and no others', ({ expect }) => {
    for (const resolution of resolutions) {
      const allowed = STATUSES.filter(
        (status) => !('refused' in resolvePost(inStatus(status), now, resolution)),
      );
      expect(allowed).toEqual(['unconfirmed']);
      expect(resolvePost(recordOf(open), now, resolution)).not.toHaveProperty('refused');
    }
  });

  test('as published is the end, under X’s id and time', ({ expect }) => {
    for (const state of [open, unconfirmed]) {
      expect(resolvePost(recordOf(state), now, found)).toMatchObject({
        state: {
          status: 'published',
          published: { xPostId: '9', at: T0 + SECOND },
          failure: null,
          publish: { doubt: null },
        },
        events: [{ type: 'post.published', at: now, data: { xPostId: '9' } }],
        startAt: null,
      });
    }
  });

  test('as not there creates it, at once and however late', ({ expect }) => {
    const punctual = requestOf({ media: [imageRequest()], ifLate: 'skip' });
    for (const state of [open, unconfirmed]) {
      const resolved = resolvePost(recordOf(state, punctual), now, { outcome: 'retry' });
      if ('refused' in resolved) throw new Error(resolved.refused);
      expect(resolved).toMatchObject({ startAt: now, events: [{ type: 'post.staged' }] });
      const next = of(punctual, { state: resolved.state, now });
      expect(next.actions).toEqual(['create']);
      expect(next.state.status).toBe('published');
    }
  });

  test('as not there makes the next doubt no smaller', ({ expect }) => {
    const resolved = resolvePost(recordOf(open), now, { outcome: 'retry' });
    if ('refused' in resolved) throw new Error(resolved.refused);
    const next = of(imagePost, { state: resolved.state, now, script: { create: [reset] } });
    // Looked for from the first create on, and by its keys too.
    expect(next.states.find(({ publish }) => publish.doubt)?.publish).toMatchObject({
      doubt: { since: T0 },
      sought: [['3_m1']],
    });
  });

  test('as not needed fails it, and a person may think again', ({ expect }) => {
    for (const state of [open, unconfirmed]) {
      const resolved = resolvePost(recordOf(state), now, { outcome: 'fail' });
      expect(resolved).toMatchObject({
        state: { status: 'failed', failure: { code: 'not_published', step: 'confirm', retryable: true } },
        events: [{ type: 'post.failed' }],
        startAt: null,
      });
      if ('refused' in resolved) throw new Error(resolved.refused);
      expect(retryPost(recordOf(resolved.state), now, 'checkpoint')).not.toBeNull();
    }
  });
});
