import { readFileSync } from 'node:fs';
import type { Failure, FailureCode, MediaState, PostState, WaitingReason } from '@slipway/pipeline/core';
import { makeImage, makeVideo, readTables } from '@slipway/testkit';
import type { AnswerName, FaultEffect, FaultInput, SimConfigPatch } from '@slipway/x-sim';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type GivenRequest, type LifeRig, startLifeRig } from './life-rig.ts';

// The known failures of X, each played by the simulator to a worker with a real store and a real X over HTTP: what becomes of the
// post, what it used up, and what its owner reads. Where nothing else is said, a post ends published, by its first create.

const CHUNK_BYTES = 512 * 1024;
const PARK_MS = 900_000;
const CONFIRM_LIMIT_MS = 2 * 3_600_000;

interface Row {
  row: string;
  what: string;
  /** Default: a video. */
  media?: 'video' | 'image' | 'none';
  given?: GivenRequest;
  faults?: FaultInput[];
  config?: SimConfigPatch;
  /** Look at it when it has waited so often, instead of at its end. */
  after?: number;
  ends?: {
    status?: PostState['status'];
    failure?: FailureCode;
    /** Where it failed, what is at fault, and whether trying again can help. */
    reads?: [step: Failure['step'], field: Failure['field'], retryable: boolean];
    /** X's words, which the owner must be able to read: in the failure, or while the post waits. */
    words?: RegExp;
    attempts?: number;
    /** Uploads that were begun at X. */
    uploads?: number;
    restarts?: MediaState['restarts'];
    /** The reasons that it waited for, each once, in order. */
    waits?: WaitingReason[];
    /** How long it waited in all, at least. */
    waitedMs?: number;
    warning?: RegExp;
    /** Posts that X has made, where the status does not tell. */
    onX?: number;
    media?: Partial<MediaState>;
  };
}

const answer = (
  operation: FaultInput['on']['operation'],
  name: AnswerName,
  times: number | 'always' = 1,
) => ({
  on: { operation },
  times,
  do: { answer: name },
});
const processing = (
  outcome: Extract<FaultEffect, { processing: unknown }>['processing'],
  times: number | 'always' = 1,
) => ({
  on: { operation: 'media.finalize' },
  times,
  do: { processing: outcome },
});
const atCreate = (name: AnswerName, times: number | 'always' = 1) => [answer('posts.create', name, times)];

const ROWS: Row[] = [
  {
    row: 'F1',
    what: 'X is overloaded for a while',
    faults: [answer('media.append', 'service_unavailable', 4)],
    ends: { uploads: 1 },
  },
  {
    row: 'F1',
    what: 'X stays overloaded',
    faults: [answer('media.finalize', 'service_unavailable', 'always')],
    ends: {
      failure: 'x_unavailable',
      reads: ['finalize', 'media[0]', true],
      words: /Service Unavailable/,
      attempts: 0,
      uploads: 3,
      waitedMs: 3 * 3_600_000,
    },
  },
  ...(['initialize', 'finalize', 'status', 'upload'] as const).flatMap((operation) =>
    (['service_unavailable', 'bad_gateway', 'gateway_timeout'] as const).map((name): Row => ({
      row: 'F1',
      what: `${name} at ${operation}`,
      media: operation === 'upload' ? 'image' : 'video',
      faults: [answer(`media.${operation}`, name)],
      ends: { uploads: 1, restarts: {} },
    })),
  ),
  {
    row: 'F1',
    what: 'the connection breaks in the middle of a segment',
    faults: [{ on: { operation: 'media.append' }, do: { resetAfterBytes: 10_000 } }],
    ends: { uploads: 1, restarts: {}, words: /The connection to X failed/ },
  },
  ...(['same', 'reject', 'not_found'] as const).map((repeatedFinalize): Row => ({
    row: 'F1',
    what: `X finalizes and says 503; a second finalize: ${repeatedFinalize}`,
    config: { repeatedFinalize },
    faults: [{ on: { operation: 'media.finalize' }, do: { acceptThenAnswer: 'service_unavailable' } }],
    ends: { uploads: 1, restarts: {} },
  })),
  {
    row: 'F2',
    what: 'the media endpoints are gone for half an hour',
    faults: [answer('media.append', 'not_found', 30)],
    ends: { uploads: 1, restarts: {}, waits: ['backoff', 'x_incident', 'processing'] },
  },
  ...(['initialize', 'finalize', 'status'] as const).map((operation): Row => ({
    row: 'F2',
    what: `${operation} is gone for more than an hour`,
    faults: [answer(`media.${operation}`, 'not_found_empty', 150)],
    ends: { restarts: { not_found: 1 }, waitedMs: 3_600_000 },
  })),
  {
    row: 'F3',
    what: 'the upload expires while X says to wait',
    config: { uploadExpiresAfterMs: 600_000 },
    faults: [answer('media.append', 'rate_limited')],
    ends: { uploads: 2, restarts: {}, waits: ['rate_limit', 'processing'] },
  },
  {
    row: 'F4',
    what: 'a segment is too large',
    faults: [answer('media.append', 'empty_413')],
    ends: {
      uploads: 2,
      restarts: { chunk_too_large: 1 },
      media: { learned: { chunkBytes: CHUNK_BYTES / 2, encoding: 'multipart', segmentsInFlight: null } },
    },
  },
  {
    row: 'F4',
    what: 'a segment is too large, says the edge',
    faults: [answer('media.append', 'headers_too_large')],
    ends: { uploads: 2, restarts: { chunk_too_large: 1 } },
  },
  {
    row: 'F4',
    what: 'an image in one request is too large',
    media: 'image',
    faults: [answer('media.upload', 'empty_413')],
    ends: { uploads: 1, restarts: { one_shot_too_large: 1 } },
  },
  {
    row: 'F4',
    what: 'every segment is too large',
    faults: [answer('media.append', 'empty_413', 'always')],
    ends: {
      failure: 'upload_failed',
      reads: ['append', 'media[0]', true],
      words: /413/,
      attempts: 0,
      uploads: 2,
    },
  },
  {
    row: 'F5',
    what: 'multipart is refused',
    config: { encoding: 'json_only' },
    ends: { uploads: 1, media: { learned: { chunkBytes: null, encoding: 'json', segmentsInFlight: null } } },
  },
  {
    row: 'F5',
    what: 'multipart is refused for an image',
    media: 'image',
    config: { encoding: 'json_only' },
    ends: { uploads: 1, restarts: {} },
  },
  {
    row: 'F5',
    what: 'JSON is refused too',
    faults: [answer('media.append', 'json_only', 'always')],
    ends: {
      failure: 'x_rejected',
      reads: ['append', 'media[0]', false],
      words: /application\/json/,
      attempts: 0,
      uploads: 1,
    },
  },
  {
    row: 'F6',
    what: '500 now and then',
    faults: [answer('media.append', 'internal_error_strings', 3)],
    ends: { uploads: 1 },
  },
  {
    row: 'F6',
    what: '500 for ever',
    faults: [answer('media.finalize', 'internal_error_strings', 'always')],
    ends: {
      failure: 'x_unavailable',
      reads: ['finalize', 'media[0]', true],
      words: /internal server error/,
      attempts: 0,
      uploads: 3,
    },
  },
  {
    row: 'F7',
    what: 'the segments do not add up',
    faults: [answer('media.finalize', 'segments_mismatch')],
    ends: { uploads: 2, restarts: { segments_mismatch: 1 } },
  },
  {
    row: 'F7',
    what: 'the segments never add up',
    faults: [answer('media.finalize', 'segments_mismatch', 'always')],
    ends: {
      failure: 'upload_failed',
      reads: ['finalize', 'media[0]', true],
      words: /Segments do not add up/,
      attempts: 0,
      uploads: 3,
    },
  },
  {
    row: 'F8',
    what: 'a segment is out of range',
    faults: [answer('media.append', 'segment_index_range')],
    ends: { uploads: 2, restarts: { segment_index: 1 } },
  },
  {
    row: 'F8',
    what: 'every segment is out of range',
    faults: [answer('media.append', 'segment_index_range', 'always')],
    ends: {
      failure: 'upload_failed',
      reads: ['append', 'media[0]', true],
      words: /between 0 and 999/,
      attempts: 0,
      uploads: 3,
    },
  },
  {
    row: 'F9',
    what: 'X does not know the type',
    faults: [answer('media.initialize', 'media_type_unrecognized')],
    ends: {
      failure: 'media_type_unsupported',
      reads: ['initialize', 'media[0]', false],
      words: /media type unrecognized/,
      attempts: 0,
      uploads: 0,
    },
  },
  {
    row: 'F10',
    what: 'the token may not upload',
    faults: [answer('media.initialize', 'forbidden', 2)],
    ends: { uploads: 1, waits: ['account', 'processing'], waitedMs: 2 * PARK_MS },
  },
  {
    row: 'F11',
    what: 'amplify_video is not for this account',
    given: { media: { category: 'amplify_video' } },
    config: { amplifyVideo: 'premium' },
    ends: { uploads: 1, restarts: { amplify_forbidden: 1 }, media: { category: 'tweet_video' } },
  },
  {
    row: 'F12',
    what: 'X cannot read the file',
    faults: [
      processing({ fail: { code: 1, name: 'InvalidMedia', message: 'file is currently unsupported' } }),
    ],
    ends: {
      failure: 'processing_failed',
      reads: ['processing', 'media[0]', false],
      words: /currently unsupported/,
      attempts: 0,
      uploads: 1,
    },
  },
  {
    row: 'F13',
    what: 'the video is too long',
    faults: [
      processing({
        fail: {
          code: 3,
          name: 'UnsupportedMedia',
          message: 'Duration exceeds max duration of 2.minutes',
        },
      }),
    ],
    ends: {
      failure: 'video_too_long',
      reads: ['processing', 'media[0]', false],
      words: /exceeds max duration/,
      attempts: 0,
      uploads: 1,
    },
  },
  {
    row: 'F14',
    what: 'an error while the processing still goes on',
    faults: [processing({ errorWhileInProgress: { code: 2, name: 'InternalError' } })],
    ends: { uploads: 2, restarts: { processing_error: 1 } },
  },
  {
    row: 'F14',
    what: 'an error while the processing still goes on, again and again',
    faults: [processing({ errorWhileInProgress: { code: 2, name: 'InternalError' } }, 'always')],
    ends: {
      failure: 'processing_failed',
      reads: ['processing', 'media[0]', false],
      words: /InternalError/,
      attempts: 0,
      uploads: 2,
    },
  },
  {
    row: 'F15',
    what: 'the processing never ends, and X does not say when to ask',
    faults: [processing({ neverFinish: true, omitCheckAfterSecs: true })],
    ends: { uploads: 2, restarts: { processing_timeout: 1 }, waits: ['processing'], waitedMs: 1_800_000 },
  },
  {
    row: 'F15',
    what: 'the processing never ends, again and again',
    faults: [processing({ neverFinish: true, omitCheckAfterSecs: true }, 'always')],
    ends: {
      failure: 'processing_timeout',
      reads: ['processing', 'media[0]', true],
      attempts: 0,
      uploads: 2,
      waitedMs: 2 * 1_800_000,
    },
  },
  {
    row: 'F16',
    what: 'polled too fast, says X',
    faults: [answer('media.status', 'over_capacity', 2)],
    ends: { uploads: 1 },
  },
  {
    row: 'F17',
    what: 'the finalize of an image is lost: its status is never asked for',
    media: 'image',
    faults: [
      answer('media.upload', 'empty_413'),
      { on: { operation: 'media.finalize' }, do: { acceptThenDrop: true } },
      answer('media.status', 'status_not_found', 'always'),
    ],
    ends: { uploads: 1 },
  },
  {
    row: 'F18',
    what: 'X calls the media invalid once',
    media: 'image',
    faults: atCreate('media_ids_invalid'),
    ends: { attempts: 2, uploads: 2 },
  },
  {
    row: 'F18',
    what: 'X calls the media invalid for ever',
    media: 'image',
    faults: atCreate('media_ids_invalid', 'always'),
    ends: {
      failure: 'media_rejected',
      reads: ['publish', 'media', false],
      words: /media IDs are invalid/,
      attempts: 3,
      uploads: 3,
    },
  },
  {
    row: 'F18',
    what: 'X calls a video invalid once: its status is asked for',
    faults: atCreate('media_ids_invalid'),
    ends: { attempts: 2, uploads: 1, waits: ['processing'] },
  },
  {
    row: 'F19',
    what: 'a duplicate, at the first create',
    media: 'none',
    faults: atCreate('duplicate'),
    ends: { failure: 'duplicate_content', reads: ['publish', null, false], words: /duplicate content/ },
  },
  {
    row: 'F20',
    what: 'X makes the post and says 503',
    faults: [{ on: { operation: 'posts.create' }, do: { acceptThenAnswer: 'service_unavailable' } }],
    ends: { uploads: 1, waits: ['processing', 'confirming'] },
  },
  {
    row: 'F20',
    what: 'X says 503 and makes nothing',
    faults: atCreate('service_unavailable'),
    ends: { uploads: 1, attempts: 2, waits: ['processing', 'confirming'], waitedMs: 600_000 },
  },
  {
    row: 'F21',
    what: '503 at every create',
    faults: atCreate('service_unavailable', 'always'),
    ends: {
      status: 'unconfirmed',
      failure: 'unconfirmed',
      reads: ['confirm', null, false],
      words: /Service Unavailable/,
      attempts: 2,
      uploads: 1,
    },
  },
  ...(
    [
      ['F22', 'not_permitted', 'x_rejected', /not permitted/],
      ['F23', 'reply_not_allowed', 'reply_not_allowed', /have not been mentioned/],
      ['F24', 'video_too_long', 'video_too_long', /longer than 2 minutes/],
      ['F38', 'v1_forbidden', 'x_rejected', /subset of X API v2/],
    ] as const
  ).map(([row, name, failure, words]): Row => ({
    row,
    what: `${name} at the create`,
    media: 'none',
    faults: atCreate(name),
    ends: { failure, words, reads: ['publish', null, false] },
  })),
  ...(
    [
      ['F25', 'credits_depleted', 'credits', PARK_MS, /credits/],
      ['F26', 'usage_capped', 'credits', PARK_MS, /Usage cap exceeded/],
      ['F27', 'rate_limited', 'rate_limit', 900_000, /Too Many Requests/],
      ['F27', 'rate_limited_v1', 'rate_limit', 900_000, /Rate limit exceeded/],
      ['F27', 'rate_limited_bare', 'rate_limit', 60_000, /Too Many Requests/],
      ['F28', 'daily_capped', 'rate_limit', 86_400_000, /Too Many Requests/],
      ['F32', 'client_not_enrolled', 'account', PARK_MS, /not enrolled/],
      ['F33', 'oauth1_permissions', 'account', PARK_MS, /permissions/],
      ['F33', 'cannot_write', 'account', PARK_MS, /cannot perform write/],
      ['F34', 'account_locked', 'account', PARK_MS, /temporarily locked/],
      ['F34', 'account_suspended', 'account', PARK_MS, /suspended/],
      ['F35', 'looks_automated', 'account', PARK_MS, /automated/],
    ] as const
  ).flatMap(([row, name, reason, waitedMs, words]): Row[] => [
    {
      row,
      what: `${name} at the create: no attempt is used, and it goes on`,
      media: 'none',
      faults: atCreate(name, 3),
      ends: { waits: [reason], words, waitedMs: 3 * waitedMs - 60_000 },
    },
    {
      row,
      what: `${name} in the upload: the same upload goes on`,
      faults: [answer('media.append', name)],
      // An upload lives for a day.
      ends: {
        uploads: waitedMs < 86_400_000 ? 1 : 2,
        waits: [reason, 'processing'],
        words,
        waitedMs: waitedMs - 60_000,
      },
    },
  ]),
  {
    row: 'F29',
    what: 'a token that X refuses once',
    media: 'none',
    faults: atCreate('unauthorized'),
    ends: { waits: ['backoff'], words: /Unauthorized/ },
  },
  {
    row: 'F30',
    what: 'a token that X refuses for long: the post waits for its account',
    media: 'none',
    faults: atCreate('unauthorized', 'always'),
    after: 12,
    ends: { status: 'scheduled', attempts: 0, waits: ['backoff', 'account'], words: /Unauthorized/ },
  },
  {
    row: 'F31',
    what: 'X refuses every token for a while',
    faults: [{ on: { operation: '*' }, times: 12, do: { answer: 'unauthorized' } }],
    ends: { waits: ['backoff', 'account', 'processing'], uploads: 1 },
  },
  {
    row: 'F36',
    what: 'X breaks on the alt text',
    given: { media: { altText: 'a red door' } },
    faults: [answer('media.metadata', 'internal_error_strings', 'always')],
    ends: { uploads: 1, warning: /alt text was not set: .*internal server error/ },
  },
  {
    row: 'F36',
    what: 'X breaks on the alt text once',
    given: { media: { altText: 'a red door' } },
    faults: [answer('media.metadata', 'internal_error_strings')],
    ends: { uploads: 1, media: { warnings: [] } },
  },
  {
    row: 'F37',
    what: 'a page from the edge, in an upload and at the create',
    faults: [
      answer('media.append', 'html', 2),
      { on: { operation: 'posts.create' }, do: { acceptThenAnswer: 'html_ok' } },
    ],
    ends: { uploads: 1, waits: ['backoff', 'processing', 'confirming'] },
  },
  {
    row: 'F37',
    what: 'a page from the edge that looks like a success: the segment is not there',
    faults: [answer('media.append', 'html_ok')],
    ends: { uploads: 1, restarts: {} },
  },
  {
    row: 'F39',
    what: 'a timeline that is missing, then empty, then there',
    faults: [
      { on: { operation: 'posts.create' }, do: { acceptThenDrop: true } },
      answer('users.timeline', 'not_found', 9),
      { on: { operation: 'users.timeline' }, times: 2, do: { timeline: 'empty' } },
    ],
    ends: { uploads: 1, waits: ['processing', 'confirming'] },
  },
  {
    row: 'F39',
    what: 'a timeline that never comes back',
    faults: [
      { on: { operation: 'posts.create' }, do: { acceptThenDrop: true } },
      answer('users.timeline', 'not_found', 'always'),
    ],
    ends: {
      status: 'unconfirmed',
      failure: 'unconfirmed',
      reads: ['confirm', null, false],
      words: /^The connection to X failed: .*\. The account's timeline could not be read: Not Found$/,
      onX: 1,
      waitedMs: CONFIRM_LIMIT_MS,
    },
  },
  ...(['unauthorized', 'credits_depleted', 'rate_limited', 'account_locked'] as const).map((name): Row => ({
    row: 'F39',
    what: `${name} where the post is looked for: that says nothing of it`,
    faults: [
      { on: { operation: 'posts.create' }, do: { acceptThenDrop: true } },
      answer('users.timeline', name, 9),
    ],
    ends: { uploads: 1 },
  })),
];

let rig: LifeRig;
beforeAll(async () => {
  rig = await startLifeRig({
    policy: {
      chunkBytes: CHUNK_BYTES,
      parkMs: PARK_MS,
      confirmLimitMs: CONFIRM_LIMIT_MS,
      backoffBaseMs: 1_000,
    },
    sim: { processingMs: { tweet_video: 1_000, amplify_video: 1_000 }, limits: { mode: 'off' } },
  });
  await rig.put('video', makeVideo({ bytes: 3 * CHUNK_BYTES - 7, seed: 1 }));
  await rig.put('image', makeImage({ type: 'png', seed: 2 }));
});
afterEach(async () => {
  await rig.forgetLimits();
  rig.sim.faults.clear();
  rig.sim.configure({
    uploadExpiresAfterMs: 86_400_000,
    encoding: 'any',
    amplifyVideo: 'anyone',
    repeatedFinalize: 'same',
  });
});
afterAll(() => rig.stop());

describe('a known failure of X', () => {
  test.for(ROWS)('$row: $what', async ({ row, what, ends = {}, ...play }, { expect }) => {
    const text = `${row} ${what}`;
    const before = rig.sim.ledger();
    if (play.config) rig.sim.configure(play.config);
    for (const fault of play.faults ?? []) rig.sim.faults.script(fault);
    const { media: kind = 'video' } = play;
    const acceptedAt = rig.sim.clock.now();
    const id = await rig.accept(text, kind === 'none' ? [] : [kind], play.given);
    const { state, waits } = await rig.live(id, { maxWaits: play.after ?? 5_000 });

    const { status = ends.failure ? 'failed' : 'published', failure, words, attempts } = ends;
    expect(state.status).toBe(status);
    expect(state.failure?.code).toBe(failure);
    if (failure) expect(state.failure?.hint.length).toBeGreaterThan(10);
    if (ends.reads) {
      const { step, field, retryable } = state.failure ?? {};
      expect([step, field, retryable]).toEqual(ends.reads);
    }
    if (words) {
      const told = state.failure ? [state.failure.message] : waits.map(({ detail }) => detail);
      expect(told).toContainEqual(expect.stringMatching(words));
    }
    // Whatever the post waits for, its owner reads why; that X is processing says all.
    for (const { reason, detail } of waits) if (reason !== 'processing') expect(detail).toMatch(/./);
    expect(state.publish.attempts).toBe(attempts ?? 1);
    const reasons = waits.map(({ reason }) => reason);
    if (ends.waits) expect([...new Set(reasons)]).toEqual(ends.waits);
    if (ends.waitedMs !== undefined)
      expect(rig.sim.clock.now() - acceptedAt).toBeGreaterThanOrEqual(ends.waitedMs);

    const ledger = rig.sim.ledger();
    const uploads = ledger.uploads.slice(before.uploads.length);
    if (ends.uploads !== undefined) expect(uploads).toHaveLength(ends.uploads);
    const [item] = state.media;
    if (ends.restarts) expect(item?.restarts).toEqual(ends.restarts);
    if (ends.media) expect(item).toMatchObject(ends.media);
    if (ends.warning) expect(item?.warnings.join()).toMatch(ends.warning);

    const posts = ledger.posts.filter((post) => post.text === text);
    expect(posts).toHaveLength(ends.onX ?? (status === 'published' ? 1 : 0));
    if (status === 'published') {
      expect(state.published?.xPostId).toBe(posts[0]?.id);
      expect(item?.strikes ?? {}).toEqual({});
    }
    // Its owner is told the same by its events.
    const events = await rig.eventsOf(id);
    expect(
      events.findLast(({ type }) => /^post\.(published|failed|unconfirmed|waiting)$/.test(type)),
    ).toMatchObject(
      play.after === undefined
        ? { type: `post.${status}`, data: failure ? { failure: { code: failure } } : {} }
        : { type: 'post.waiting', data: { reason: reasons.at(-1) } },
    );
  });

  test('is played, all 39 of them', ({ expect }) => {
    const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
    const tables = readTables(page, 'What goes wrong at X, and what Slipway does');
    const known = tables.flat().flatMap(([name = '']) => (/^F\d+$/.test(name) ? [name] : []));
    expect(new Set(ROWS.map(({ row }) => row))).toEqual(new Set(known));
  });
});
