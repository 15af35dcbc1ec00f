import type { LedgerPost, LedgerUpload } from '@slipway/local';
import type { PostView } from '../src/api-client.ts';
import type { Evidence } from '../src/evidence.ts';
import { CHUNK_BYTES } from '../src/plan/campaign-settings.ts';
import { makePlan } from '../src/plan/plan.ts';
import { type Fate, type PlannedPost, type Profile, tokenOf } from '../src/plan/vocabulary.ts';

const SEED = 5;
export const T0 = Date.parse('2026-11-24T10:00:00Z');

/** Evidence as arrays and objects of its own, to be doctored. */
export type Doctored = {
  -readonly [K in keyof Evidence]: Evidence[K] extends readonly (infer Item)[]
    ? Item[]
    : Evidence[K] extends ReadonlyMap<infer Key, infer Value>
      ? Map<Key, Value>
      : Evidence[K];
};

/** What a campaign of three posts leaves when all went well: `published` with a video, `failed`, and `canceled`. */
export function soundEvidence(profile: Profile = 'always'): Doctored {
  const plan = makePlan({
    seed: SEED,
    posts: 3,
    minutes: 1,
    profile,
    workers: 2,
    without: [],
    settings: {},
  });
  const load = (['published', 'refused', 'canceled'] as const).map((fate, index) => planned(index, fate));
  const posts = [
    view(0, { status: 'published', xPostId: '100' }),
    view(1, { status: 'failed', failure: { code: 'x_rejected', message: 'You are not permitted' } }),
    view(2, { status: 'canceled' }),
  ];
  return {
    plan: { ...plan, load },
    submissions: posts.map(({ id, text }, post) => ({
      post,
      token: tokenOf(SEED, post, 0),
      text,
      outcome: 'acknowledged',
      id,
    })),
    posts,
    ledger: { posts: [onX()], uploads: [upload()], requests: {}, spentUsd: 0 },
    hashes: new Map([[0, [['hash-0']]]]),
    events: new Map(
      posts.map(({ id, status }) => {
        const told = [
          event(0, 'post.scheduled'),
          ...(status === 'published' ? [event(1, 'post.publishing')] : []),
          event(2, `post.${status}`),
        ];
        return [id, { seen: told, told, ended: true }];
      }),
    ),
    disturbances: [],
    storms: [],
    appendsLost: 0,
    neverStopped: [],
  };
}

export function event(sequence: number, type: string, at = T0) {
  return { id: `${T0}-${sequence}`, type, at: new Date(at).toISOString(), data: {} };
}

export function textOf(index: number): string {
  return `${tokenOf(SEED, index, 0)} Words`;
}

export function onX(changes: Partial<LedgerPost> = {}): LedgerPost {
  return {
    id: '100',
    userId: 'x-user',
    text: textOf(0),
    mediaIds: ['media-0'],
    mediaKeys: ['7_media-0'],
    createdAt: T0,
    receivedAt: T0,
    editHistory: ['100'],
    isHiddenFromTimelines: false,
    options: {},
    ...changes,
  };
}

export function upload(changes: Partial<LedgerUpload> = {}): LedgerUpload {
  return {
    mediaId: 'media-0',
    mediaKey: '7_media-0',
    userId: 'x-user',
    category: 'tweet_video',
    mediaType: 'video/mp4',
    oneShot: false,
    totalBytes: 10 * CHUNK_BYTES,
    state: 'succeeded',
    sha256: 'hash-0',
    bytesReceived: 10 * CHUNK_BYTES,
    bytesAccepted: 10 * CHUNK_BYTES,
    bytesRepeated: 0,
    segments: [],
    altText: 'Alt',
    metadata: {},
    subtitles: [],
    postIds: ['100'],
    initializedAt: T0 - 20_000,
    finalizedAt: T0 - 10_000,
    expiresAt: T0 + 86_400_000,
    ...changes,
  };
}

function planned(index: number, fate: Fate): PlannedPost {
  return {
    index,
    account: 0,
    sendAtMs: 0,
    publishAfterMs: null,
    cancelAfterMs: fate === 'canceled' ? 1 : null,
    onUnknown: null,
    ifLate: 'publish',
    words: 'Words',
    media:
      index === 0
        ? [{ type: 'video', seed: 1, totalBytes: 10 * CHUNK_BYTES, altText: 'Alt', ifChanged: 'fail' }]
        : [],
    fate,
    createFaults: [],
  };
}

export function view(index: number, changes: Partial<PostView>): PostView {
  return {
    id: `post_${index}`,
    status: 'published',
    text: textOf(index),
    xPostId: null,
    failure: null,
    waiting: null,
    media: index === 0 ? [{ step: 'ready', altText: 'Alt', warnings: [] }] : [],
    ...changes,
  };
}
