import { describe, test } from 'vitest';
import { CLOCK_SKEW_MS, cancelPost, newPostState } from '../src/core/index.ts';
import {
  HOUR,
  MIB,
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
import { type StoryOptions, dies, report, summary, tell } from './story.ts';

const videoPost = requestOf({ media: [videoRequest()] });
const ofVideo = (options: StoryOptions = {}) => tell(videoPost, { sources: [video], ...options });

const UPLOAD = ['media 0 append', 'media 0 finalize', 'media 0 processing', 'waiting: processing'];

describe('what followers of a post are told', () => {
  test('text only', ({ expect }) => {
    expect(summary(tell(requestOf()))).toEqual(['post.publishing', 'post.published']);
  });

  test('an image for later', ({ expect }) => {
    const request = requestOf({ media: [imageRequest({ altText: 'a red door' })] });
    expect(summary(tell(request, { sources: [image], now: T0 - HOUR }))).toEqual([
      'post.staging',
      'media 0 upload_once',
      'media 0 describe',
      'media 0 ready',
      'post.staged',
      'waiting: schedule',
      'post.publishing',
      'post.published',
    ]);
  });

  test('a video: segments and polls are no news', ({ expect }) => {
    const story = ofVideo({ script: { poll: [report('in_progress'), report('in_progress')] } });
    expect(summary(story)).toEqual([
      'post.staging',
      'media 0 initialize',
      ...UPLOAD,
      'media 0 ready',
      'post.staged',
      'post.publishing',
      'post.published',
    ]);
  });

  test('two images side by side, each by its number', ({ expect }) => {
    const request = requestOf({ media: [imageRequest(), imageRequest()] });
    expect(summary(tell(request, { sources: [image] }))).toEqual([
      'post.staging',
      'media 0 upload_once',
      'media 1 upload_once',
      'media 0 ready',
      'media 1 ready',
      'post.staged',
      'post.publishing',
      'post.published',
    ]);
  });

  test('retries and an upload that starts over', ({ expect }) => {
    const mismatch = answer(400, 'Segments do not add up to provided total file size.');
    const story = ofVideo({
      sources: [{ ...video, bytes: MIB }],
      script: { append: [answer(503, 'Service Unavailable')], finalize: [mismatch] },
    });
    expect(summary(story)).toEqual([
      'post.staging',
      'media 0 initialize',
      'media 0 append',
      'retrying media 0',
      'waiting: backoff',
      'media 0 finalize',
      'media 0 again: segments_mismatch',
      'media 0 initialize',
      ...UPLOAD,
      'media 0 ready',
      'post.staged',
      'post.publishing',
      'post.published',
    ]);
    expect(story.events.find(({ type }) => type === 'post.retrying')).toEqual({
      type: 'post.retrying',
      at: T0,
      data: { item: 0, message: 'Service Unavailable', until: T0 + 550 },
    });
  });

  test('a hold, in X’s words, each time that X refuses', ({ expect }) => {
    const broke = answer(402, 'no credits');
    const story = tell(requestOf(), { script: { create: [broke, broke] } });
    expect(summary(story)).toEqual([
      'post.publishing',
      'post.scheduled',
      'waiting: credits',
      'post.publishing',
      'post.scheduled',
      'waiting: credits',
      'post.publishing',
      'post.published',
    ]);
    expect(story.events.find(({ type }) => type === 'post.waiting')?.data).toEqual({
      reason: 'credits',
      cause: 'credits',
      until: T0 + policy.parkMs,
      detail: 'no credits',
    });
  });

  test('a retry of the creation', ({ expect }) => {
    const story = tell(requestOf(), { script: { create: [answer(401, 'Unauthorized')] } });
    expect(summary(story)).toEqual([
      'post.publishing',
      'retrying the post',
      'post.scheduled',
      'waiting: backoff',
      'post.publishing',
      'post.published',
    ]);
  });

  test('a warning', ({ expect }) => {
    const request = requestOf({ media: [imageRequest({ altText: 'a red door' })] });
    const story = tell(request, { sources: [image], script: { describe: [answer(400, 'bad')] } });
    expect(summary(story).slice(-5)).toEqual([
      'media 0 warned',
      'media 0 ready',
      'post.staged',
      'post.publishing',
      'post.published',
    ]);
    expect(story.events.find(({ type }) => type === 'media.warned')?.data).toEqual({
      item: 0,
      message: 'The alt text was not set: bad',
    });
  });

  test('a failure, with all of it', ({ expect }) => {
    const story = ofVideo({
      script: { inspect: [{ from: 's3', code: 'not_found', message: 'no such object' }] },
    });
    expect(summary(story)).toEqual(['post.staging', 'post.failed']);
    expect(story.events.at(-1)).toEqual({
      type: 'post.failed',
      at: T0,
      data: {
        failure: {
          code: 'source_not_found',
          message: 'no such object',
          retryable: true,
          step: 'inspect',
          field: 'media[0].key',
          hint: 'Check the key and the version, and put the object there before its time.',
          at: T0,
        },
      },
    });
  });

  test('doubt, and poison', ({ expect }) => {
    expect(summary(tell(requestOf(), { script: { create: [reset] } }))).toEqual([
      'post.publishing',
      'waiting: confirming',
      'post.unconfirmed',
    ]);
    const poison = ofVideo({ script: { inspect: Array.from({ length: 20 }, () => dies) } });
    const again = Array.from({ length: policy.abandonLimit - 2 }, () => 'retrying the post');
    expect(summary(poison)).toEqual([
      'post.staging',
      'retrying the post',
      'waiting: backoff',
      ...again,
      'post.failed',
    ]);
  });

  test('the id of the post at X', ({ expect }) => {
    expect(tell(requestOf()).events.at(-1)).toEqual({
      type: 'post.published',
      at: T0,
      data: { xPostId: '1' },
    });
  });
});

describe('a post that is canceled', () => {
  const recordOf = (status: 'scheduled' | 'staging' | 'staged' | 'publishing' | 'published') => ({
    request: requestOf(),
    state: { ...newPostState({ media: [] }), status },
    rev: 1,
    fence: 1,
    heldBy: null,
  });

  test('is over, and says so', ({ expect }) => {
    for (const status of ['scheduled', 'staging', 'staged'] as const) {
      expect(cancelPost(recordOf(status), T0)).toMatchObject({
        state: { status: 'canceled', waiting: null, hold: null },
        events: [{ type: 'post.canceled', at: T0, data: {} }],
      });
    }
  });

  test('is not, once X may have been asked', ({ expect }) => {
    expect(cancelPost(recordOf('publishing'), T0)).toBeNull();
    expect(cancelPost(recordOf('published'), T0)).toBeNull();
  });

  test('is not, where Redis may have forgotten that X was asked', ({ expect }) => {
    // Its time is T0, and the clocks of a worker and of Redis may differ.
    expect(cancelPost(recordOf('staged'), T0, T0)).toBeNull();
    expect(cancelPost(recordOf('staged'), T0, T0 - CLOCK_SKEW_MS)).toBeNull();
    expect(cancelPost(recordOf('staged'), T0, T0 - CLOCK_SKEW_MS - 1)).not.toBeNull();
  });
});
