import { describe, test } from 'vitest';
import {
  type Edited,
  type MediaState,
  type PostEdit,
  type PostRequest,
  type PostState,
  type Upload,
  decide,
  editPost,
  newMediaState,
  newPostState,
} from '../src/core/index.ts';
import { DAY, HOUR, MINUTE, T0, imageRequest, policy, requestOf, video, videoRequest } from './fixtures.ts';
import { tell } from './story.ts';

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
};
const ready: MediaState = { ...halfSent, step: 'ready' };

const request = requestOf({ media: [videoRequest({ altText: 'A ship' })], leadMs: 10 * MINUTE });
const staged: PostState = { ...newPostState(request), status: 'staged', media: [ready] };
const NOW = T0 - HOUR;

function edit(
  change: PostEdit,
  {
    state = staged,
    of = request,
    heldBy = null,
    changedSince = null,
  }: {
    state?: PostState;
    of?: PostRequest;
    heldBy?: string | null;
    changedSince?: number | null;
  } = {},
): Edited {
  return editPost({ request: of, state, rev: 1, fence: 1, heldBy }, change, {
    now: NOW,
    changedSince,
    policy: { ...policy, stagingLeadMs: 10 * MINUTE, stagingSpreadMs: 0 },
    paces: {},
    facts: [],
  });
}

function edited(...args: Parameters<typeof edit>) {
  const outcome = edit(...args);
  if ('refused' in outcome) throw new Error(`the edit was refused: ${outcome.refused}`);
  return outcome;
}

describe('an edit', () => {
  test('of text, options and policies leaves uploads alone, and tells what it changed', ({ expect }) => {
    const change = {
      text: 'new',
      options: { madeWithAi: true },
      ifLate: 'skip',
      onUnknown: 'hold',
    } as const;
    const { request: next, state, events } = edited(change);
    expect(next).toEqual({ ...request, ...change, leadMs: 10 * MINUTE });
    expect(state).toEqual({ ...staged, cost: { estimatedMicroUsd: 20_000, actualMicroUsd: 0 } });
    expect(events).toEqual([
      {
        type: 'post.edited',
        at: NOW,
        data: { fields: ['text', 'options', 'ifLate', 'onUnknown'], publishAt: T0 },
      },
    ]);
  });

  test('that changes nothing is none', ({ expect }) => {
    const same = { text: request.text, publishAt: request.publishAt, media: structuredClone(request.media) };
    expect(edit(same)).toEqual({ refused: 'same' });
    expect(edit({})).toEqual({ refused: 'same' });
  });

  test('moves the post, earlier and later, and its beginning with it', ({ expect }) => {
    const later = edited({ publishAt: T0 + 3 * DAY });
    expect(later.startAt).toBe(T0 + 3 * DAY - 10 * MINUTE);
    expect(later.state).toMatchObject({ status: 'staged', media: [ready] });
    expect(edited({ publishAt: T0 - HOUR }).startAt).toBe(T0 - HOUR - 10 * MINUTE);
  });

  test('drops the local time that the former instant was given as', ({ expect }) => {
    const local = { local: '2026-01-01T01:00', timeZone: 'Europe/Berlin' };
    const of = { ...request, publishLocal: local };
    expect(edited({ text: 'new' }, { of }).request.publishLocal).toEqual(local);
    expect(edited({ publishAt: T0 + DAY }, { of }).request).not.toHaveProperty('publishLocal');
    const other = { ...local, timeZone: 'Europe/Paris' };
    expect(edited({ publishAt: T0 + DAY, publishLocal: other }, { of }).request.publishLocal).toEqual(other);
  });
});

describe('the media of an edited post', () => {
  const other = imageRequest();
  const change = (media: PostRequest['media'], options?: Parameters<typeof edit>[1]) =>
    edited({ media }, options).state.media;
  const [had = videoRequest()] = request.media;

  test('keep their uploads where they are the same, wherever they are in the list', ({ expect }) => {
    expect(change([other, had])).toEqual([newMediaState(), ready]);
    expect(change([had, had])).toEqual([ready, newMediaState()]);
    expect(change([])).toEqual([]);
    expect(change([{ ...had, ifChanged: 'restart' }])).toEqual([ready]);
    // Asked for by its name now, it is what it was found to be.
    expect(change([{ ...had, category: 'tweet_video' }])).toEqual([ready]);
  });

  test.for([
    { bucket: 'other' },
    { key: 'other' },
    { versionId: '2' },
    { category: 'amplify_video' as const },
  ])('are new where %j is another', (patch, { expect }) => {
    expect(change([{ ...had, ...patch }])).toEqual([newMediaState()]);
  });

  test('with another alt text are described again, and only that', ({ expect }) => {
    const renamed = { ...had, altText: 'A boat' };
    expect(change([renamed])).toEqual([{ ...ready, step: 'describe' }]);
    const state = { ...staged, media: [halfSent] };
    expect(change([renamed], { state })).toEqual([halfSent]);
  });

  test('are uploaded again where X cannot be made to forget their alt text', ({ expect }) => {
    expect(change([{ ...had, altText: null }])).toEqual([newMediaState()]);
    // A worker may be sending the former text at this moment, and it may get there last.
    const state: PostState = { ...staged, status: 'staging', media: [{ ...ready, step: 'describe' }] };
    const renamed = { ...had, altText: 'A boat' };
    expect(change([renamed], { state, heldBy: 'w' })).toEqual([newMediaState()]);
    expect(change([renamed], { state })).toEqual([{ ...ready, step: 'describe' }]);
  });

  test('decide where it stands', ({ expect }) => {
    expect(edited({ media: [] }).state.status).toBe('scheduled');
    expect(edited({ media: [had, other] })).toMatchObject({
      state: { status: 'staging' },
      events: [{ type: 'post.edited' }, { type: 'post.staging' }],
    });
    const begun: PostState = { ...newPostState(request), status: 'staging' };
    expect(edited({ text: 'new' }, { state: begun }).state.status).toBe('staging');
  });
});

describe('an edit comes too late', () => {
  test.for(['publishing', 'published', 'failed', 'canceled', 'missed', 'unconfirmed'] as const)(
    'for a post that is %s',
    (status, { expect }) => {
      expect(edit({ text: 'new' }, { state: { ...staged, status } })).toEqual({ refused: 'too_late' });
    },
  );

  test('for one that may be on X as it was', ({ expect }) => {
    for (const patch of [{ unclearSince: T0 }, { forgottenSince: T0 }]) {
      const state = { ...staged, publish: { ...staged.publish, ...patch } };
      expect(edit({ text: 'new' }, { state })).toEqual({ refused: 'too_late' });
    }
  });

  test('or too early where Redis may have forgotten that it was made', ({ expect }) => {
    expect(edit({ text: 'new' }, { changedSince: T0 + HOUR })).toEqual({ refused: 'too_early' });
    expect(edit({ text: 'new' }, { changedSince: T0 - HOUR })).not.toHaveProperty('refused');
  });
});

test('a post that was moved beyond the life of its media goes out at its new time, with one request left', ({
  expect,
}) => {
  const short = requestOf({ media: [videoRequest()] });
  const first = tell(short, { sources: [video], now: T0 - HOUR, moves: 8 });
  expect(first.state.status).toBe('staged');
  const next = edited({ publishAt: T0 + 3 * DAY }, { of: short, state: first.state });
  expect(decide(next.request, next.state, { now: NOW, inFlight: new Set(), policy })).toMatchObject({
    do: 'wait',
    waiting: { reason: 'schedule', until: next.startAt },
  });
  const second = tell(next.request, { sources: [video], state: next.state, now: next.startAt });
  expect(second.state).toMatchObject({ status: 'published', published: { at: T0 + 3 * DAY } });
  const untilDue = second.folded.filter(({ at }) => at < T0 + 3 * DAY).map(({ type }) => type);
  expect(untilDue).toContain('initialized');
  expect(second.folded.filter(({ at }) => at >= T0 + 3 * DAY).map(({ type }) => type)).toEqual([
    'intended',
    'created',
  ]);
});
