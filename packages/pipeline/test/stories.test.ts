import { describe, test } from 'vitest';
import type { Action } from '../src/core/index.ts';
import {
  DAY,
  HOUR,
  MIB,
  MINUTE,
  SECOND,
  T0,
  answer,
  gif,
  image,
  imageRequest,
  policy,
  refused,
  requestOf,
  video,
  videoRequest,
} from './fixtures.ts';
import { type StoryOptions, type Turn, dies, goesWell, report, summary, tell, waitsOf } from './story.ts';

const imagePost = requestOf({ media: [imageRequest()] });
const videoPost = requestOf({ media: [videoRequest()] });
const textPost = requestOf();
const ofImage = (options: StoryOptions = {}) => tell(imagePost, { sources: [image], ...options });
const ofVideo = (options: StoryOptions = {}) => tell(videoPost, { sources: [video], ...options });
const segment = { from: 's3', code: 'changed', message: 'changed' } as const;

describe('posts that go well', () => {
  test('text only: one call', ({ expect }) => {
    const story = tell(textPost);
    expect(story.actions).toEqual(['create']);
    expect(story.state).toMatchObject({ status: 'published', published: { xPostId: '1', at: T0 } });
  });

  test('an image goes in one request', ({ expect }) => {
    const story = ofImage();
    expect(story.actions).toEqual(['inspect:0', 'upload_once:0', 'create']);
    expect(story.state.media[0]?.upload?.mediaId).toBe('m1');
  });

  test('an image with alt text is described before the post is created', ({ expect }) => {
    const request = requestOf({ media: [imageRequest({ altText: 'a red door' })] });
    expect(tell(request, { sources: [image] }).actions).toEqual([
      'inspect:0',
      'upload_once:0',
      'describe:0',
      'create',
    ]);
  });

  test('four images go side by side', ({ expect }) => {
    const request = requestOf({ media: [imageRequest(), imageRequest(), imageRequest(), imageRequest()] });
    const story = tell(request, { sources: [image] });
    expect(story.actions.slice(0, 4)).toEqual(['inspect:0', 'inspect:1', 'inspect:2', 'inspect:3']);
    expect(story.actions.filter((key) => key.startsWith('upload_once'))).toHaveLength(4);
    expect(story.actions.at(-1)).toBe('create');
    expect(story.state.status).toBe('published');
  });

  test('a GIF goes in segments and is processed', ({ expect }) => {
    const story = ofVideo({ sources: [gif] });
    expect(story.actions).toEqual([
      'inspect:0',
      'initialize:0',
      'append:0:0',
      'finalize:0',
      'poll:0',
      'create',
    ]);
    expect(story.state.media[0]?.category).toBe('tweet_gif');
  });

  test('a video: three segments at a time, polls as X asks, no wait holds anything', ({ expect }) => {
    const story = ofVideo({
      script: { poll: [report('in_progress', { checkAfterMs: 7 * SECOND }), report('in_progress')] },
    });
    expect(story.actions).toEqual([
      'inspect:0',
      'initialize:0',
      'append:0:0',
      'append:0:1',
      'append:0:2',
      'finalize:0',
      'poll:0',
      'poll:0',
      'poll:0',
      'create',
    ]);
    expect(waitsOf(story)).toEqual([
      ['processing', 1 * SECOND],
      ['processing', 8 * SECOND],
      ['processing', 13 * SECOND],
    ]);
  });

  test('no more segments are under way than allowed', ({ expect }) => {
    const bytes = 40 * MIB;
    let most = 0;
    tell(videoPost, {
      sources: [{ ...video, bytes }],
      pick: (count) => {
        most = Math.max(most, count);
        return count - 1;
      },
    });
    expect(most).toBe(policy.segmentsInFlight);
  });

  test('X may ask for any pause between polls: 1 to 60 seconds are kept', ({ expect }) => {
    const story = ofVideo({
      script: {
        poll: [
          report('in_progress', { checkAfterMs: 0 }),
          report('in_progress', { checkAfterMs: 10 * HOUR }),
        ],
      },
    });
    expect(waitsOf(story).map(([, until]) => until)).toEqual([1 * SECOND, 2 * SECOND, 62 * SECOND]);
  });

  test('no processing after finalize means ready', ({ expect }) => {
    expect(ofVideo({ script: { finalize: [{ report: null }] } }).actions.slice(-2)).toEqual([
      'finalize:0',
      'create',
    ]);
  });

  test('a post for later is staged early, and then waits for its time', ({ expect }) => {
    const story = ofVideo({ now: T0 - HOUR });
    expect(waitsOf(story)).toEqual([
      ['processing', SECOND - HOUR],
      ['schedule', 0],
    ]);
    expect(story.state.published?.at).toBe(T0);
    expect(story.actions.at(-1)).toBe('create');
  });
});

describe('media that break a rule', () => {
  test('a video with an image', ({ expect }) => {
    const request = requestOf({ media: [imageRequest(), videoRequest()] });
    const { state, actions } = tell(request, { sources: [image, video] });
    expect(state.failure).toMatchObject({ code: 'media_mix', field: 'media', retryable: false });
    expect(state.failure?.message).toContain('1 image and 1 video');
    expect(actions).not.toContain('create');
  });

  test('two GIFs', ({ expect }) => {
    const request = requestOf({ media: [imageRequest(), imageRequest()] });
    expect(tell(request, { sources: [gif] }).state.failure?.message).toContain('2 GIFs');
  });
});

describe('the object changes under an upload', () => {
  test('fails the post', ({ expect }) => {
    const { state } = ofVideo({ script: { append: [goesWell, segment] } });
    expect(state.failure).toMatchObject({ code: 'source_changed', field: 'media[0].key', step: 'append' });
  });

  test('begins again with the newest where the caller asked for that', ({ expect }) => {
    const request = requestOf({ media: [videoRequest({ ifChanged: 'restart' })] });
    const { state, actions } = tell(request, {
      sources: [video],
      script: { append: [goesWell, segment] },
    });
    expect(state.status).toBe('published');
    expect(actions.filter((key) => key === 'inspect:0')).toHaveLength(2);
    expect(state.media[0]).toMatchObject({ restarts: { source_changed: 1 }, upload: { mediaId: 'm2' } });
  });

  test('does not go on for ever', ({ expect }) => {
    const request = requestOf({ media: [videoRequest({ ifChanged: 'restart' })] });
    const { state } = tell(request, { sources: [video], turnOf: always('append', segment) });
    expect(state.failure?.code).toBe('source_changed');
    expect(state.media[0]?.restarts).toEqual({ source_changed: policy.restartLimit });
  });
});

describe('encodings', () => {
  const multipartRefused = answer(400, 'Requests with bodies must have content-type of application/json.');

  test('segments refused side by side switch to JSON together', ({ expect }) => {
    const { state, performed, actions } = ofVideo({
      script: { append: [multipartRefused, multipartRefused, multipartRefused] },
    });
    expect(state.status).toBe('published');
    const encodings = performed.flatMap((action) => (action.do === 'append' ? [action.encoding] : []));
    expect(encodings.slice(0, 3)).toEqual(['multipart', 'multipart', 'multipart']);
    expect(encodings.slice(3)).toEqual(['json', 'json', 'json']);
    expect(actions.filter((key) => key === 'initialize:0')).toHaveLength(1);
  });

  test('an image in one request switches too', ({ expect }) => {
    const { state, performed } = ofImage({ script: { upload_once: [multipartRefused] } });
    expect(state.status).toBe('published');
    expect(performed.flatMap((action) => (action.do === 'upload_once' ? [action.encoding] : []))).toEqual([
      'multipart',
      'json',
    ]);
  });

  test('both refused is a failure', ({ expect }) => {
    const { state } = ofVideo({ turnOf: always('append', multipartRefused) });
    expect(state.failure).toMatchObject({ code: 'x_rejected', step: 'append' });
  });
});

describe('a worker that dies', () => {
  test('within an upload costs the segments that were under way', ({ expect }) => {
    const bytes = 40 * MIB;
    const { state, actions } = tell(videoPost, {
      sources: [{ ...video, bytes }],
      script: { append: [goesWell, goesWell, goesWell, goesWell, dies] },
    });
    expect(state.status).toBe('published');
    expect(actions.filter((key) => key.startsWith('append'))).toHaveLength(10 + policy.segmentsInFlight);
    expect(actions.filter((key) => key === 'initialize:0')).toHaveLength(1);
  });

  test('at finalize of a video: X is asked before another is sent', ({ expect }) => {
    const { state, actions } = ofVideo({ script: { finalize: [dies] } });
    expect(state.status).toBe('published');
    expect(actions.slice(-3)).toEqual(['finalize:0', 'poll:0', 'create']);
  });

  test('at finalize of a video that did not get through: it is sent again', ({ expect }) => {
    const { actions } = ofVideo({ script: { finalize: [dies], poll: [{ report: null }] } });
    expect(actions.slice(-5)).toEqual(['finalize:0', 'poll:0', 'finalize:0', 'poll:0', 'create']);
    const unknown = ofVideo({ script: { finalize: [dies], poll: [answer(404, 'Not Found')] } });
    expect(unknown.actions).toEqual(actions);
  });

  test('at the creation leaves it in doubt: it is looked for before anything else is done', ({ expect }) => {
    const { state, actions } = ofImage({ script: { create: [dies] }, isOnX: () => true });
    expect(state).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    expect(actions.slice(-2)).toEqual(['create', 'confirm']);
  });

  test('again and again is the fault of the post: poison', ({ expect }) => {
    const { state, actions } = ofVideo({ turnOf: always('inspect', dies) });
    expect(state.failure?.code).toBe('poison');
    expect(actions).toHaveLength(policy.abandonLimit + 1);
  });

  test('again and again keeps the post apart from others, the longer the more often', ({ expect }) => {
    const jitters = [0.1, 0.9];
    const [some, others] = jitters.map((jitter) =>
      ofVideo({ turnOf: always('inspect', dies), jitter: () => jitter }),
    );
    // What dies once goes on at once.
    expect(some?.waits).toHaveLength(policy.abandonLimit - 1);
    expect(some?.waits[0]).toMatchObject({
      reason: 'backoff',
      detail: '2 workers in a row died with this post in hand.',
    });
    const [soon = [], late = []] = [some, others].map((story) => story && waitsOf(story).map(([, at]) => at));
    for (const [index, at] of soon.entries()) expect(at).toBeLessThan((late[index] ?? 0) / 2);
  });

  test('again and again, with progress between, is not', ({ expect }) => {
    const turns = Array.from({ length: 3 * policy.abandonLimit }, (_, index) =>
      index % 2 ? goesWell : dies,
    );
    const { state } = tell(videoPost, {
      sources: [{ ...video, bytes: 200 * MIB }],
      script: { append: turns },
    });
    expect(state.status).toBe('published');
  });
});

describe('the creation of the post', () => {
  test('media that X calls invalid are looked at again: an image is sent anew', ({ expect }) => {
    const invalid = answer(400, 'Your media IDs are invalid.');
    const { state, actions } = ofImage({ script: { create: [invalid] } });
    expect(actions).toEqual(['inspect:0', 'upload_once:0', 'create', 'upload_once:0', 'create']);
    expect(state).toMatchObject({ status: 'published', publish: { attempts: 2 } });
    expect(state.media[0]?.upload?.mediaId).toBe('m2');
  });

  test('media that X calls invalid are looked at again: of a video the status is asked', ({ expect }) => {
    const invalid = answer(400, 'Your media IDs are invalid.');
    const { state, actions } = ofVideo({
      script: { create: [invalid], poll: [report('succeeded'), report('in_progress')] },
    });
    expect(actions.slice(-5)).toEqual(['poll:0', 'create', 'poll:0', 'poll:0', 'create']);
    expect(state.status).toBe('published');
  });

  test('media that stay invalid fail the post', ({ expect }) => {
    const { state, actions } = ofImage({
      turnOf: always('create', answer(400, 'Your media IDs are invalid.')),
    });
    expect(state.failure).toMatchObject({ code: 'media_rejected', field: 'media', step: 'publish' });
    expect(actions.filter((key) => key === 'create')).toHaveLength(3);
  });

  test('a refused connection is tried again', ({ expect }) => {
    const { state, waits } = tell(textPost, { script: { create: [refused, refused] } });
    expect(state).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    expect(waits.map(({ reason }) => reason)).toEqual(['backoff', 'backoff']);
  });

  test('no credits: the post waits, however long, and then goes out', ({ expect }) => {
    const broke = answer(402, 'Your account does not have any credits to fulfill this request.');
    const { state, waits } = tell(textPost, { script: { create: Array.from({ length: 50 }, () => broke) } });
    expect(state.status).toBe('published');
    expect(waits).toHaveLength(50);
    expect(waits[0]).toEqual({
      reason: 'credits',
      cause: 'credits',
      until: T0 + policy.parkMs,
      detail: 'Your account does not have any credits to fulfill this request.',
    });
  });
});

describe('media that expire', () => {
  test('before the post is made are uploaded again', ({ expect }) => {
    const story = ofImage({ now: T0 - 2 * DAY });
    expect(story.actions).toEqual(['inspect:0', 'upload_once:0', 'upload_once:0', 'create']);
    expect(story.state.media[0]).toMatchObject({ upload: { mediaId: 'm2' } });
  });

  test('while the post waits for credits, week after week, are uploaded again and cost it nothing', ({
    expect,
  }) => {
    const broke = answer(402, 'Your account does not have any credits to fulfill this request.');
    const { state, actions } = ofImage({
      policy: { ...policy, parkMs: 2 * DAY },
      script: { create: Array.from({ length: 10 }, () => broke) },
    });
    expect(state.status).toBe('published');
    expect(actions.filter((key) => key === 'upload_once:0')).toHaveLength(11);
  });

  test('before the time of the post are uploaded again ahead of it', ({ expect }) => {
    // Worked on early, by another installation's lead or before it was moved: the first upload lives until T0 - DAY.
    const early = requestOf({ media: [imageRequest()], leadMs: HOUR });
    // It is no failure, so that no limit of them counts.
    const story = tell(early, {
      sources: [image],
      now: T0 - 2 * DAY,
      policy: { ...policy, restartLimit: 0 },
    });
    expect(story.state).toMatchObject({ status: 'published', published: { at: T0 } });
    expect(story.actions).toEqual(['inspect:0', 'upload_once:0', 'upload_once:0', 'create']);
    expect(waitsOf(story)).toEqual([
      ['schedule', -HOUR],
      ['schedule', 0],
    ]);
    expect(summary(story)).toContain('media 0 again: expiring');
  });

  test('that X never keeps for so long are uploaded ahead once, and then when the post is due', ({
    expect,
  }) => {
    const early = requestOf({ media: [imageRequest()], leadMs: HOUR });
    const story = tell(early, {
      sources: [image],
      now: T0 - 2 * DAY,
      lifetimeMs: 10 * MINUTE,
      policy: { ...policy, restartLimit: 1 },
    });
    expect(story.state).toMatchObject({ status: 'published', published: { at: T0 } });
    expect(story.actions).toEqual([
      'inspect:0',
      'upload_once:0', // two days early
      'upload_once:0', // an hour early
      'upload_once:0', // at its time
      'create',
    ]);
  });

  test('at once, every time, fail the post', ({ expect }) => {
    const { state } = ofImage({ lifetimeMs: SECOND });
    expect(state.failure).toMatchObject({ code: 'upload_failed', step: 'publish' });
  });

  test('under the upload, as X says it, begin it again', ({ expect }) => {
    const { state } = ofVideo({ lifetimeMs: 0, script: { append: [answer(404, 'Not Found')] } });
    expect(state.media[0]?.restarts['expired']).toBeGreaterThanOrEqual(1);
  });
});

describe('processing', () => {
  test('a fault of the file is final at once, in X’s words', ({ expect }) => {
    for (const name of ['InvalidMedia', 'UnsupportedMedia']) {
      const error = { name, message: 'Bad codec.' };
      const { state, actions } = ofVideo({ script: { poll: [report('failed', { error })] } });
      expect(state.failure).toMatchObject({
        code: 'processing_failed',
        message: 'Bad codec.',
        step: 'processing',
        field: 'media[0]',
      });
      expect(actions.filter((key) => key === 'initialize:0')).toHaveLength(1);
    }
  });

  test('without a message the name is told, without either that X gave none', ({ expect }) => {
    const named = report('failed', { error: { name: 'InvalidMedia', message: null } });
    expect(ofVideo({ script: { poll: [named] } }).state.failure?.message).toBe('InvalidMedia');
    const silent = ofVideo({ script: { poll: [report('failed'), report('failed')] } });
    expect(silent.state.failure?.message).toBe('X could not process the media and gave no reason.');
  });

  test('anything else gets one fresh upload, and no second', ({ expect }) => {
    const failed = report('failed', { error: { name: 'InternalError', message: null } });
    const once = ofVideo({ script: { poll: [failed] } });
    expect(once.state).toMatchObject({ status: 'published' });
    expect(once.state.media[0]?.restarts).toEqual({ processing_error: 1 });
    const twice = ofVideo({ script: { poll: [failed, failed] } });
    expect(twice.state.failure?.code).toBe('processing_failed');
  });

  test('an error while in progress ends it, whatever the state says', ({ expect }) => {
    const stuck = report('in_progress', {
      progressPercent: 99,
      error: { name: 'InvalidMedia', message: null },
    });
    const { state, actions } = ofVideo({ script: { poll: [stuck, stuck] } });
    expect(state.failure?.code).toBe('processing_failed');
    expect(actions.filter((key) => key === 'initialize:0')).toHaveLength(2);
  });

  test('that never ends gets one fresh upload, and then fails', ({ expect }) => {
    const { state, now } = ofVideo({ turnOf: always('poll', report('in_progress')) });
    expect(state.failure).toMatchObject({ code: 'processing_timeout', step: 'processing', retryable: true });
    expect(state.media[0]?.restarts).toEqual({ processing_timeout: 1 });
    expect(now - T0).toBeGreaterThanOrEqual(2 * policy.processingLimitMs);
    expect(now - T0).toBeLessThan(2 * policy.processingLimitMs + MINUTE);
  });
});

/** One kind of action always ends this way, the rest go well. */
function always(what: Action['do'], turn: Turn): (action: Action) => Turn {
  return (action) => (action.do === what ? turn : goesWell);
}
