import { describe, test } from 'vitest';
import {
  type Action,
  type Problem,
  type Segment,
  type StepEvent,
  decide,
  evolve,
  joinChecksums,
  newPostState,
  policySchema,
} from '../src/core/index.ts';
import { crcOfZeros } from './crc-of.ts';
import {
  HOUR,
  MIB,
  MINUTE,
  SECOND,
  T0,
  answer,
  image,
  imageRequest,
  policy,
  refused,
  requestOf,
  sourceOf,
  video,
  videoRequest,
  xProblem,
} from './fixtures.ts';
import { type StoryOptions, type Turn, dies, goesWell, report, tell } from './story.ts';

const videoPost = requestOf({ media: [videoRequest()] });
const imagePost = requestOf({ media: [imageRequest()] });
const textPost = requestOf();
const ofVideo = (options: StoryOptions = {}) => tell(videoPost, { sources: [video], ...options });
const always =
  (what: Action['do'], turn: Turn) =>
  (action: Action): Turn =>
    action.do === what ? turn : goesWell;
const times = (count: number, turn: Turn): Turn[] => Array.from({ length: count }, () => turn);
const begun = (story: { actions: string[] }, key: string) =>
  story.actions.filter((each) => each === key).length;

const overloaded = answer(503, 'Service Unavailable');
const broken = answer(500, 'internal server error');
const gone = answer(404, 'Not Found');

describe('retries', () => {
  test('of a step are bounded, then the upload starts over, then the post fails', ({ expect }) => {
    const story = ofVideo({ sources: [{ ...video, bytes: MIB }], turnOf: always('append', broken) });
    expect(story.state.failure).toMatchObject({
      code: 'x_unavailable',
      step: 'append',
      message: 'internal server error',
      retryable: true,
    });
    expect(story.state.media[0]?.restarts).toEqual({ server_error: policy.restartLimit });
    expect(begun(story, 'initialize:0')).toBe(1 + policy.restartLimit);
    expect(begun(story, 'append:0:0')).toBe((1 + policy.restartLimit) * (policy.retryLimit + 1));
  });

  test('are given back by progress', ({ expect }) => {
    const turns = Array.from({ length: 10 }, () => [...times(policy.retryLimit, broken), goesWell]).flat();
    const { state } = ofVideo({
      sources: [{ ...video, bytes: 40 * MIB }],
      script: { append: turns },
      policy: { ...policy, segmentsInFlight: 1 },
    });
    expect(state.status).toBe('published');
    expect(state.media[0]?.restarts).toEqual({});
  });

  test('double their wait, up to a minute', ({ expect }) => {
    const { waits } = ofVideo({ script: { initialize: times(9, overloaded) } });
    const until = [T0, ...waits.map((wait) => wait.until ?? Infinity)];
    const lengths = until.slice(1, 10).map((end, index) => end - (until[index] ?? 0));
    expect(lengths).toEqual([550, 1_100, 2_200, 4_400, 8_800, 17_600, 33_000, 33_000, 33_000]);
  });

  test('of one class do not use up those of another', ({ expect }) => {
    const turns = [
      ...times(policy.retryLimit, broken),
      ...times(policy.retryLimit, answer(401, 'Unauthorized')),
    ];
    const { state, waits } = ofVideo({ script: { initialize: turns } });
    expect(state.status).toBe('published');
    expect(waits.map(({ reason }) => reason)).not.toContain('account');
  });

  test('of segments that fail side by side count as one', ({ expect }) => {
    const wide = { ...policy, segmentsInFlight: 8 };
    const { state } = tell(videoPost, {
      sources: [{ ...video, bytes: 32 * MIB }],
      policy: wide,
      script: { append: times(8, broken) },
    });
    expect(state.status).toBe('published');
    expect(state.media[0]?.restarts).toEqual({});
  });
});

describe('an outage', () => {
  const outages: [string, Problem][] = [
    ['of X', overloaded],
    ['of X’s media endpoints', gone],
    ['of the network', xProblem({ reach: 'unknown', cause: 'read ECONNRESET' })],
  ];
  const down =
    (what: Action['do'], problem: Problem, untilMs: number) =>
    (action: Action, now: number): Turn =>
      action.do === what && now < T0 + untilMs ? problem : goesWell;

  test.for(outages)('%s is sat out', ([, problem], { expect }) => {
    const story = ofVideo({ turnOf: down('append', problem, policy.outageLimitMs - MINUTE) });
    expect(story.state.status).toBe('published');
    expect(story.state.media[0]?.restarts).toEqual({});
    // Its owner sees that it is more than bad luck.
    expect(new Set(story.waits.map(({ reason }) => reason))).toContain('x_incident');
  });

  test.for(outages)(
    '%s that lasts begins the upload again, and fails the post in the end',
    ([, problem], { expect }) => {
      const { state, now } = ofVideo({ turnOf: always('append', problem) });
      expect(state.failure).toMatchObject({ code: 'x_unavailable', step: 'append', retryable: true });
      expect(now - T0).toBeGreaterThanOrEqual((1 + policy.restartLimit) * policy.outageLimitMs);
    },
  );

  test('of the store is sat out, and is not called one of X', ({ expect }) => {
    const problem: Problem = { from: 's3', code: 'unavailable', message: 'the store is down' };
    const story = ofVideo({ turnOf: down('append', problem, policy.outageLimitMs - MINUTE) });
    expect(story.state.status).toBe('published');
    expect(new Set(story.waits.map(({ reason }) => reason))).toEqual(new Set(['backoff', 'processing']));
    const { failure } = ofVideo({ turnOf: always('append', problem) }).state;
    expect(failure).toMatchObject({ code: 'source_unavailable', field: 'media[0].key' });
  });

  test('of the store’s ranges fails after the usual retries', ({ expect }) => {
    const problem: Problem = { from: 's3', code: 'wrong_range', message: 'the store sent another range' };
    const { state, now } = ofVideo({ turnOf: always('append', problem) });
    expect(state.failure?.code).toBe('source_corrupt');
    expect(now - T0).toBeLessThan(5 * MINUTE);
  });

  describe('that gives wrong bytes', () => {
    const checksum = { algorithm: 'CRC32', value: crcOfZeros(video.bytes) } as const;
    const ofZeros = (wrong: (segment: Segment, mediaId: string) => boolean, options: StoryOptions = {}) =>
      ofVideo({
        sources: [{ ...video, checksum }],
        checksumOf: (segment, mediaId) =>
          wrong(segment, mediaId) ? crcOfZeros(segment.bytes + 1) : crcOfZeros(segment.bytes),
        ...options,
      });

    test('once is not finalized: the upload starts over, one segment at a time', ({ expect }) => {
      const story = ofZeros(({ index }, mediaId) => mediaId === 'm1' && index === 1);
      expect(story.state.status).toBe('published');
      expect(story.actions).toEqual([
        'inspect:0',
        'initialize:0',
        'append:0:0',
        'append:0:1',
        'append:0:2',
        'initialize:0',
        'append:0:0',
        'append:0:1',
        'append:0:2',
        'finalize:0',
        'poll:0',
        'create',
      ]);
      expect(story.state.media[0]).toMatchObject({
        restarts: { wrong_bytes: 1 },
        learned: { segmentsInFlight: 1 },
        upload: { mediaId: 'm2', acknowledged: [[0, 2, checksum.value]] },
      });
    });

    test('twice fails the post, and the message names both checksums', ({ expect }) => {
      const story = ofZeros(({ index }) => index === 2);
      const sent = joinChecksums('CRC32', crcOfZeros(8 * MIB), crcOfZeros(2 * MIB + 1), 2 * MIB);
      expect(story.state.failure).toMatchObject({
        code: 'source_corrupt',
        message: `The bytes that the store sent have the CRC32 ${sent}, the object has ${checksum.value}.`,
        step: 'finalize',
        field: 'media[0]',
        retryable: true,
      });
      expect(story.state.media[0]?.restarts).toEqual({ wrong_bytes: 1 });
      expect(story.performed.filter((action) => action.do === 'finalize' || action.do === 'create')).toEqual(
        [],
      );
    });

    test('is found though workers die in between', ({ expect }) => {
      const right = ofZeros(() => false, { script: { append: [dies, goesWell, dies], finalize: [dies] } });
      expect(right.state.status).toBe('published');
      const wrong = ofZeros(({ index }, mediaId) => mediaId === 'm1' && index === 0, {
        script: { append: [goesWell, dies, goesWell, dies] },
      });
      expect(wrong.state.media[0]?.restarts).toEqual({ wrong_bytes: 1 });
      expect(wrong.state.status).toBe('published');
    });

    test('is not suspected where a checksum is missing', ({ expect }) => {
      const story = ofVideo({ sources: [{ ...video, checksum }], checksumOf: () => null });
      expect(story.state).toMatchObject({ status: 'published', media: [{ restarts: {} }] });
    });
  });

  test('before the creation was sent is sat out, and then fails the post', ({ expect }) => {
    const back = tell(textPost, { turnOf: down('create', refused, policy.outageLimitMs - MINUTE) });
    expect(back.state.status).toBe('published');
    const { state, now } = tell(textPost, { turnOf: always('create', refused) });
    expect(state.failure).toMatchObject({ code: 'x_unavailable', step: 'publish', field: null });
    expect(now - T0).toBeGreaterThanOrEqual(policy.outageLimitMs);
    expect(now - T0).toBeLessThan(policy.outageLimitMs + 2 * MINUTE);
  });
});

describe('an account whose token is refused', () => {
  const unauthorized = answer(401, 'Unauthorized');

  test('is parked after the usual retries, and its post goes out when it is back', ({ expect }) => {
    const { state, waits } = tell(textPost, {
      script: { create: times(policy.retryLimit + 3, unauthorized) },
    });
    expect(state.status).toBe('published');
    expect(waits.map(({ reason }) => reason)).toEqual([
      ...Array.from({ length: policy.retryLimit }, () => 'backoff'),
      'account',
      'account',
      'account',
    ]);
  });

  test('is parked in an upload too, which goes on where it was', ({ expect }) => {
    const { state, waits, actions } = ofVideo({ script: { append: times(30, unauthorized) } });
    expect(state.status).toBe('published');
    expect(waits.some(({ reason }) => reason === 'account')).toBe(true);
    expect(actions.filter((key) => key === 'initialize:0')).toHaveLength(1);
  });

  test('is waited for when it is not configured any more', ({ expect }) => {
    const missing: Problem = {
      from: 'slipway',
      code: 'account_missing',
      message: 'gone',
      hint: 'put it back',
    };
    const { state, waits } = tell(textPost, { script: { create: times(3, missing) } });
    expect(state.status).toBe('published');
    expect(waits).toEqual(
      [1, 2, 3].map((turn) => ({
        reason: 'account',
        cause: 'disconnected',
        until: T0 + turn * policy.parkMs,
        detail: 'gone',
      })),
    );
  });
});

test('a defect of ours at the creation fails the post: nothing was sent', ({ expect }) => {
  const problem: Problem = {
    from: 'slipway',
    code: 'internal',
    message: 'text is needed',
    hint: 'report it',
  };
  const { state } = tell(textPost, { script: { create: [problem] } });
  expect(state).toMatchObject({
    status: 'failed',
    failure: { code: 'internal', field: null, step: 'publish' },
    publish: { intent: null },
  });
});

describe('segments that are too big', () => {
  const sizes = (story: { performed: Action[] }) => [
    ...new Set(story.performed.flatMap((action) => (action.do === 'append' ? [action.segment.bytes] : []))),
  ];

  test('are halved until X takes them, and the size is kept', ({ expect }) => {
    const story = ofVideo({
      sources: [{ ...video, bytes: 8 * MIB }],
      turnOf: (action) => (action.do === 'append' && action.segment.bytes > MIB ? answer(413) : goesWell),
    });
    expect(story.state.status).toBe('published');
    expect(sizes(story)).toEqual([4 * MIB, 2 * MIB, MIB]);
    expect(story.state.media[0]).toMatchObject({
      learned: { chunkBytes: MIB },
      restarts: { chunk_too_large: 2 },
    });
  });

  test('are halved down to 256 KiB, and then fail the post', ({ expect }) => {
    const story = ofVideo({ sources: [{ ...video, bytes: 8 * MIB }], turnOf: always('append', answer(413)) });
    expect(sizes(story).map((bytes) => bytes / 1024)).toEqual([4096, 2048, 1024, 512, 256]);
    expect(story.state.failure?.code).toBe('upload_failed');
  });

  test('of a file that needs them all are halved no further than 1000 segments allow', ({ expect }) => {
    for (const chunkBytes of [4 * MIB, 300_000, 100_000, 16 * 1024]) {
      const story = ofVideo({
        sources: [{ ...video, bytes: 512_000_000 }],
        policy: policySchema.parse({ chunkBytes }),
        turnOf: always('append', answer(413)),
      });
      expect(story.state.failure?.code).toBe('upload_failed');
      expect(Math.min(...sizes(story))).toBe(512_000);
    }
  });

  test('that are small by choice are not halved', ({ expect }) => {
    const story = ofVideo({
      sources: [{ ...video, bytes: MIB }],
      policy: policySchema.parse({ chunkBytes: 64 * 1024 }),
      turnOf: always('append', answer(413)),
    });
    expect(sizes(story)).toEqual([64 * 1024]);
    expect(story.state.failure?.code).toBe('upload_failed');
  });
});

describe('uploads that start over', () => {
  test('after segments that did not add up go one at a time', ({ expect }) => {
    const mismatch = answer(400, 'Segments do not add up to provided total file size.');
    const once = ofVideo({ script: { finalize: [mismatch] } });
    expect(once.state.status).toBe('published');
    expect(once.state.media[0]?.learned.segmentsInFlight).toBe(1);
    const never = ofVideo({ turnOf: always('finalize', mismatch) });
    expect(never.state.failure?.code).toBe('upload_failed');
    expect(begun(never, 'initialize:0')).toBe(1 + policy.restartLimit);
  });

  test('never, where the operator says so', ({ expect }) => {
    const { state, actions } = ofVideo({
      policy: { ...policy, restartLimit: 0 },
      script: { append: [answer(400, 'SegmentIndex must be between 0 and 999.')] },
    });
    expect(state.failure?.code).toBe('upload_failed');
    expect(actions.filter((key) => key === 'initialize:0')).toHaveLength(1);
  });

  test('because an image in one request was too big go in segments', ({ expect }) => {
    const story = tell(imagePost, { sources: [image], script: { upload_once: [answer(413)] } });
    expect(story.actions).toEqual([
      'inspect:0',
      'upload_once:0',
      'initialize:0',
      'append:0:0',
      'finalize:0',
      'create',
    ]);
  });

  test('because a second finalize of an image was refused', ({ expect }) => {
    const story = tell(imagePost, {
      sources: [image],
      script: { upload_once: [answer(413)], finalize: [dies, answer(400, 'already finalized')] },
    });
    expect(story.state.status).toBe('published');
    expect(story.state.media[0]?.restarts).toMatchObject({ finalize_in_doubt: 1 });
  });
});

describe('two refusals side by side', () => {
  const spent = (inMs: number) => ({
    ...answer(429, 'Too Many Requests'),
    limits: [{ remaining: 0, resetAt: T0 + inMs }],
  });

  test('hold the post until the later of their ends, in either order', ({ expect }) => {
    for (const turns of [
      [spent(HOUR), spent(MINUTE)],
      [spent(MINUTE), spent(HOUR)],
    ]) {
      const { waits } = ofVideo({ script: { append: turns } });
      expect(waits[0]).toMatchObject({ reason: 'rate_limit', until: T0 + HOUR + 3 * SECOND });
      expect(waits[1]?.reason).toBe('processing');
    }
  });
});

describe('processing', () => {
  const pending = report('in_progress', { checkAfterMs: SECOND });

  test('is not called overdue after a pause of ours, before X was asked', ({ expect }) => {
    const events: StepEvent[] = [
      { type: 'taken_over', at: T0, abandoned: false, jitter: 0 },
      { type: 'inspected', at: T0, item: 0, source: { ...video, bytes: MIB }, category: 'tweet_video' },
      { type: 'initialized', at: T0, item: 0, mediaId: 'm1', mediaKey: null, expiresAt: T0 + 24 * HOUR },
      { type: 'appended', at: T0, item: 0, mediaId: 'm1', segment: 0, checksum: null },
      { type: 'finalized', at: T0, item: 0, mediaId: 'm1', expiresAt: null, processing: pending.report },
    ];
    const state = events.reduce(
      (state, event) => evolve(videoPost, state, event, policy),
      newPostState(videoPost),
    );
    const later = T0 + 2 * policy.processingLimitMs;
    expect(decide(videoPost, state, { now: later, inFlight: new Set(), policy })).toEqual({
      do: 'start',
      actions: [{ do: 'poll', item: 0, mediaId: 'm1' }],
      wakeAt: null,
    });
  });

  test('whose status cannot be had for an hour starts over', ({ expect }) => {
    const { state } = ofVideo({ turnOf: always('poll', gone) });
    expect(state.media[0]?.restarts).toEqual({ not_found: policy.restartLimit });
    expect(state.failure?.code).toBe('x_unavailable');
  });

  test('of an image that X knows nothing of is over, and its alt text is still set', ({ expect }) => {
    const request = requestOf({ media: [imageRequest({ altText: 'a red door' })] });
    const { state, actions } = tell(request, {
      sources: [sourceOf()],
      script: { upload_once: [report('pending')], poll: [gone] },
    });
    expect(state.status).toBe('published');
    expect(actions).toEqual(['inspect:0', 'upload_once:0', 'poll:0', 'describe:0', 'create']);
  });

  test('that X ends for its length says that the video is too long', ({ expect }) => {
    const message = 'Duration 2.minutes+29.seconds exceeds max duration of 2.minutes+20.seconds';
    const tooLong = report('failed', { error: { name: 'UnsupportedMedia', message } });
    const { failure } = ofVideo({ script: { poll: [tooLong] } }).state;
    expect(failure).toMatchObject({ code: 'video_too_long', message, field: 'media[0]', retryable: false });
  });
});

describe('alt text', () => {
  const request = requestOf({ media: [imageRequest({ altText: 'a red door' })] });
  const ofDescribed = (options: StoryOptions) => tell(request, { sources: [image], ...options });

  test('that X refuses is left out, with a warning', ({ expect }) => {
    const { state } = ofDescribed({ script: { describe: [answer(400, 'bad')] } });
    expect(state.status).toBe('published');
    expect(state.media[0]?.warnings).toEqual(['The alt text was not set: bad']);
  });

  test('that cannot be set is left out after the usual retries', ({ expect }) => {
    for (const problem of [broken, overloaded]) {
      const { state, now } = ofDescribed({ turnOf: always('describe', problem) });
      expect(state).toMatchObject({ status: 'published' });
      expect(state.media[0]?.warnings).toHaveLength(1);
      expect(now - T0).toBeLessThan(5 * MINUTE);
    }
  });

  test('does wait for an account, credits and a rate limit', ({ expect }) => {
    const { state, waits } = ofDescribed({
      script: { describe: [answer(402, 'no credits'), answer(429, 'Too Many Requests')] },
    });
    expect(waits.map(({ reason }) => reason)).toEqual(['credits', 'rate_limit']);
    expect(state.media[0]?.warnings).toEqual([]);
  });
});
