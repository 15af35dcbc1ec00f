import {
  newMediaState,
  newPostState,
  type MediaState,
  type PostRecord,
  type Source,
} from '@slipway/pipeline/core';
import { describe, test } from 'vitest';
import { postSchema, viewPost } from '../src/post-resource.ts';

const AT = Date.parse('2027-01-31T09:00:00Z');
const request: PostRecord['request'] = {
  id: 'post_1',
  accountId: 'acct_1',
  text: 'x',
  media: [{ bucket: 'b', key: 'k', versionId: null, altText: null, category: null, ifChanged: 'fail' }],
  options: {},
  publishAt: AT,
  createdAt: AT,
};
const source: Source = {
  etag: '"e"',
  checksum: null,
  versionId: 'v1',
  bytes: 10_000_000,
  mediaType: 'video/mp4',
  width: 640,
  height: 360,
  durationMs: 2000,
  codec: 'avc',
};

function viewWith(media: Partial<MediaState>, state: Partial<PostRecord['state']> = {}) {
  const record: PostRecord = {
    request,
    state: { ...newPostState(request), media: [{ ...newMediaState(), ...media }], ...state },
    rev: 3,
    fence: 1,
    heldBy: 'a worker',
  };
  return postSchema.parse(viewPost(record));
}

function upload(acknowledged: [number, number][], chunkBytes = 4_000_000): NonNullable<MediaState['upload']> {
  return {
    mediaId: '7',
    mediaKey: '7_7',
    expiresAt: 0,
    chunkBytes,
    acknowledged,
    finalizeInDoubt: false,
    processing: null,
  };
}

describe('progress of an item', () => {
  test.for([
    ['nothing yet', 'append', [], 0, 0],
    ['full segments', 'append', [[0, 1]], 8_000_000, 2],
    ['the short last segment', 'append', [[2, 2]], 2_000_000, 1],
    [
      'a hole',
      'append',
      [
        [0, 0],
        [2, 2],
      ],
      6_000_000,
      2,
    ],
    ['everything', 'finalize', [[0, 2]], 10_000_000, 3],
  ] as [string, MediaState['step'], [number, number][], number, number][])(
    'counts %s',
    ([, step, acknowledged, bytes, done], { expect }) => {
      const view = viewWith({ step, source, upload: upload(acknowledged) });
      expect(view.media[0]).toMatchObject({ bytesAcknowledged: bytes, segments: { done, total: 3 } });
    },
  );

  test('counts an upload in one request as whole once it is there', ({ expect }) => {
    const view = viewWith({ step: 'ready', source, upload: upload([], source.bytes) });
    expect(view.media[0]).toMatchObject({ bytesAcknowledged: 10_000_000, segments: { done: 1, total: 1 } });
  });

  test('is absent before the upload begins', ({ expect }) => {
    expect(viewWith({}).media[0]).toMatchObject({
      bytesAcknowledged: 0,
      segments: null,
      bytes: null,
      type: null,
    });
  });
});

describe('a post', () => {
  test('that is published says where it is', ({ expect }) => {
    const view = viewWith({}, { status: 'published', published: { xPostId: '42', at: AT } });
    expect(view).toMatchObject({
      xPostId: '42',
      url: 'https://x.com/i/web/status/42',
      publishedAt: '2027-01-31T09:00:00.000Z',
      revision: 3,
    });
  });

  test('that is held shows why and until when', ({ expect }) => {
    const view = viewWith({}, { hold: { reason: 'credits', until: AT, detail: 'CreditsDepleted' } });
    expect(view.waiting).toEqual({
      reason: 'credits',
      until: '2027-01-31T09:00:00.000Z',
      detail: 'CreditsDepleted',
    });
  });

  test('shows nothing of who works on it', ({ expect }) => {
    expect(JSON.stringify(viewWith({}))).not.toContain('a worker');
  });
});
