import { describe, test } from 'vitest';
import {
  FAILURE_CODES,
  type Failure,
  type MediaState,
  type PostRecord,
  type PostState,
  type Upload,
  decide,
  evolve,
  newMediaState,
  newPostState,
  retryPost,
} from '../src/core/index.ts';
import { HOUR, T0, policy, requestOf, video, videoRequest } from './fixtures.ts';

const request = requestOf({ media: [videoRequest(), videoRequest()] });
const recordOf = (state: PostState): PostRecord => ({ request, state, rev: 1, fence: 1, heldBy: null });

const upload: Upload = {
  mediaId: '1',
  mediaKey: '7_1',
  expiresAt: T0 + HOUR,
  chunkBytes: 1024,
  acknowledged: [[0, 3]],
  finalizeInDoubt: false,
  processing: null,
};
const halfSent: MediaState = {
  ...newMediaState(),
  step: 'append',
  category: 'tweet_video',
  source: video,
  upload,
  learned: { chunkBytes: 1024, encoding: 'json', segmentsInFlight: 1 },
  restarts: { expired: 2 },
  strikes: { unavailable: { count: 7, since: T0 } },
  notBefore: T0 + HOUR,
  trouble: 'X answered 503',
};
const failure: Failure = {
  code: 'x_unavailable',
  message: 'No.',
  retryable: true,
  step: 'append',
  field: 'media[0]',
  hint: 'Again.',
  at: T0,
};

describe('retry', () => {
  const failed: PostState = {
    ...newPostState(request),
    status: 'failed',
    media: [halfSent, halfSent],
    failure,
    abandoned: 11,
  };
  const retried = (state: PostState, from: 'checkpoint' | 'start' = 'checkpoint') =>
    retryPost(recordOf(state), T0 + HOUR, from);

  test.for(FAILURE_CODES)('from the checkpoint after %s keeps what is still of use', (code, { expect }) => {
    // What the file is, or what X made of it, is at fault: the remedy is another file, so that all of it is done anew.
    const isSpent =
      /^(?:media|processing)_|^video_too_long$|^upload_failed$|^source_(?:changed|corrupt)$/.test(code);
    const next = retried({ ...failed, failure: { ...failure, code } });
    const [first, second] = next?.state.media ?? [];
    const { restarts: _restarts, strikes: _strikes, notBefore: _until, trouble: _words, ...kept } = halfSent;
    const rested = { ...kept, restarts: {}, strikes: {}, notBefore: 0, trouble: null };
    expect(first).toEqual(isSpent ? { ...newMediaState(), learned: halfSent.learned } : rested);
    expect(second).toEqual(rested);
    expect(next).toMatchObject({
      startAt: T0 + HOUR,
      state: { status: 'staging', failure: null, abandoned: 0 },
    });
  });

  test('gives X the time to process it that an upload gets from the start', ({ expect }) => {
    const processing = { startedAt: T0, pollAt: T0 + HOUR, progressPercent: 5 };
    const state = { ...failed, media: [{ ...halfSent, upload: { ...upload, processing } }] };
    expect(retried(state)?.state.media[0]?.upload?.processing).toEqual({
      startedAt: T0 + HOUR,
      pollAt: T0 + HOUR,
      progressPercent: 5,
    });
  });

  test('never forgets that an earlier create may have happened, nor what it is known by', ({ expect }) => {
    const publish = {
      ...failed.publish,
      attempts: 2,
      unclearSince: T0,
      repeats: 1,
      sought: [['7_1', '7_2']],
      history: 'abc',
    };
    for (const from of ['checkpoint', 'start'] as const)
      expect(retried({ ...failed, publish }, from)?.state.publish).toEqual({ ...publish, evenIfLate: true });
  });

  test('of one that was missed is not missed again', ({ expect }) => {
    const late = requestOf({ ifLate: 'skip' });
    const missed = evolve(late, newPostState(late), { type: 'missed', at: T0 + HOUR }, policy);
    expect(missed).toMatchObject({ status: 'missed', failure: { code: 'missed' } });
    const again = retryPost({ ...recordOf(missed), request: late }, T0 + HOUR, 'checkpoint');
    const moment = { now: T0 + HOUR, inFlight: new Set<string>(), policy };
    expect(decide(late, again?.state ?? missed, moment)).toMatchObject({ event: { type: 'intended' } });
  });
});
