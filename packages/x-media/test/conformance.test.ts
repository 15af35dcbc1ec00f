import { beforeAll, describe, test } from 'vitest';
import type { XAccountClient } from '../src/index.ts';
import { createConformanceCheck, isOpenApiLeftOut, readMultipart } from './openapi.ts';
import type { SeenRequest } from './x-server.ts';
import { startX } from './x-server.ts';

const media = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 256));
const stream = {
  stream: (async function* () {
    yield media.subarray(0, 400);
    yield media.subarray(400);
  })(),
  byteLength: media.byteLength,
};
const startTime = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const calls: Array<[string, (x: XAccountClient) => Promise<unknown>]> = [
  [
    'initialize',
    (x) => x.media.initialize({ mediaType: 'video/mp4', mediaCategory: 'tweet_video', totalBytes: 5 }),
  ],
  [
    'initialize, all',
    (x) =>
      x.media.initialize({
        mediaType: 'image/webp',
        mediaCategory: 'amplify_video',
        totalBytes: 17_179_869_184,
        additionalOwners: ['1', '2'],
        shared: true,
      }),
  ],
  ['append', (x) => x.media.append({ mediaId: '12', segmentIndex: 999, media })],
  ['append, stream', (x) => x.media.append({ mediaId: '12', segmentIndex: 0, media: stream })],
  ['append, json', (x) => x.media.append({ mediaId: '12', segmentIndex: 7, media, encoding: 'json' })],
  ['finalize', (x) => x.media.finalize({ mediaId: '12' })],
  ['status', (x) => x.media.status({ mediaId: '12' })],
  ['upload', (x) => x.media.upload({ media, mediaCategory: 'tweet_image' })],
  [
    'upload, json, all',
    (x) =>
      x.media.upload({ media, mediaCategory: 'tweet_gif', encoding: 'json', additionalOwners: ['1', '2'] }),
  ],
  ['upload, all', (x) => x.media.upload({ media, mediaCategory: 'subtitles', additionalOwners: ['1', '2'] })],
  ['alt text', (x) => x.media.setMetadata({ mediaId: '12', altText: 'a cat' })],
  [
    'metadata, all',
    (x) =>
      x.media.setMetadata({
        mediaId: '12',
        altText: 'a cat',
        sensitiveMediaWarning: { adultContent: true, graphicViolence: false, other: true },
        allowDownload: false,
        audiencePolicy: { creatorSubscriptions: ['Any'], xSubscriptions: ['Any'] },
        contentExpiresAt: startTime,
        domainWhitelist: ['example.com'],
        geoRestrictions: { whitelistedCountryCodes: ['DE'], blacklistedCountryCodes: [] },
        foundMediaOrigin: { provider: 'giphy', id: '1' },
        managed: true,
        previewImageMediaId: '13',
        shared: true,
        stickers: [{ id: 1 }],
        uploadSource: 'app',
      }),
  ],
  [
    'create subtitles',
    (x) =>
      x.media.createSubtitles({
        mediaId: '12',
        mediaCategory: 'amplify_video',
        subtitles: { mediaId: '13', languageCode: 'EN', displayName: 'English' },
      }),
  ],
  [
    'delete subtitles',
    (x) => x.media.deleteSubtitles({ mediaId: '12', mediaCategory: 'tweet_video', languageCode: 'EN' }),
  ],
  [
    'analytics',
    (x) =>
      x.media.analytics({
        mediaKeys: ['7_1', '13_2'],
        startTime,
        endTime: startTime + 86_400_000,
        granularity: 'hourly',
      }),
  ],
  ['lookup', (x) => x.media.lookup({ mediaKeys: ['3_1', '7_2'] })],
  ['create, text', (x) => x.posts.create({ text: 'hello' })],
  ['create, media only', (x) => x.posts.create({ media: { mediaIds: ['1'] } })],
  [
    'create, media, all',
    (x) =>
      x.posts.create({
        text: 'hello',
        media: {
          mediaIds: ['1', '2', '3', '4'],
          taggedUserIds: ['5'],
          title: 't',
          description: 'd',
          embeddable: true,
          previewMediaId: '6',
          callToActions: { visitSite: { url: 'https://example.com' } },
        },
        reply: { inReplyToPostId: '7', excludeReplyUserIds: ['8'], autoPopulateReplyMetadata: true },
        replySettings: 'mentionedUsers',
        forSuperFollowersOnly: false,
        shareWithFollowers: true,
        nullcast: false,
        madeWithAi: true,
        paidPartnership: true,
        geo: { placeId: 'p' },
        communityId: '9',
        editOptions: { previousPostId: '10' },
      }),
  ],
  [
    'create, watch now',
    (x) =>
      x.posts.create({
        media: { mediaIds: ['1'], callToActions: { watchNow: { url: 'https://example.com' } } },
      }),
  ],
  [
    'create, app install',
    (x) =>
      x.posts.create({
        media: {
          mediaIds: ['1'],
          callToActions: { appInstall: { appStoreId: '1', ipadAppStoreId: '2', playStoreId: 'p' } },
        },
      }),
  ],
  [
    'create, poll',
    (x) =>
      x.posts.create({
        text: '?',
        poll: { options: ['a', 'b'], durationMinutes: 5, replySettings: 'following' },
      }),
  ],
  ['create, quote', (x) => x.posts.create({ text: 'q', quotePostId: '1' })],
  ['create, card', (x) => x.posts.create({ text: 'c', cardUri: 'card://1' })],
  ['create, deep link', (x) => x.posts.create({ text: 'd', directMessageDeepLink: 'https://x.com/m' })],
  ['delete', (x) => x.posts.delete({ postId: '1' })],
  ['me', (x) => x.users.me()],
  ['me, all', (x) => x.users.me({ userFields: ['username'], expansions: ['most_recent_post_id'] })],
  ['timeline', (x) => x.users.timeline({ userId: '1' })],
  [
    'timeline, all',
    (x) =>
      x.users.timeline({
        userId: '1',
        sinceId: '2',
        untilId: '3',
        startTime,
        endTime: startTime + 1000,
        maxResults: 20,
        paginationToken: 'abc',
        exclude: ['replies', 'retweets'],
      }),
  ],
  ['usage', (x) => x.usage()],
  ['usage, all', (x) => x.usage({ days: 90 })],
];

describe.skipIf(isOpenApiLeftOut())("every request is one that X's published API description accepts", () => {
  let problemsOf: (request: SeenRequest) => string[];
  beforeAll(() => {
    problemsOf = createConformanceCheck();
  });

  test.for(calls)('%s', async ([, call], { expect }) => {
    await using server = await startX([{ json: { data: { id: '1', deleted: true, text: '' }, meta: {} } }]);
    await call(server.x).catch(() => undefined);
    expect(server.seen).toHaveLength(1);
    expect(problemsOf(server.last())).toEqual([]);
  });

  test('and the check finds what it does not accept', async ({ expect }) => {
    await using server = await startX([{ json: { data: { id: '1' } } }]);
    // @ts-expect-error -- not one of X's values
    await server.x.posts.create({ text: 'hello', replySettings: 'everyone' });
    expect(problemsOf(server.last())).toEqual([expect.stringContaining('reply_settings')]);
    await server.x.users.me({ userFields: ['shoe_size'] });
    expect(problemsOf(server.last())).toEqual([expect.stringContaining('user.fields')]);
  });
});

describe('what the description cannot say', () => {
  test('multipart carries the index as text, then the bytes as they are', async ({ expect }) => {
    await using server = await startX([{ status: 204 }]);
    await server.x.media.append({ mediaId: '12', segmentIndex: 3, media });
    const [index, bytes] = readMultipart(server.last());
    expect(index).toMatchObject({ name: 'segment_index', content: Buffer.from('3') });
    expect(bytes).toMatchObject({ name: 'media', content: media });
    expect(bytes?.headers).toContain('Content-Type: application/octet-stream');
  });

  test('JSON carries the bytes in base64', async ({ expect }) => {
    await using server = await startX([{ status: 204 }]);
    await server.x.media.append({ mediaId: '12', segmentIndex: 3, media, encoding: 'json' });
    expect(JSON.parse(server.last().body.toString())).toEqual({
      segment_index: 3,
      media: media.toString('base64'),
    });
  });

  test('status says its command and one-shot upload says no media type', async ({ expect }) => {
    await using server = await startX([{ json: { data: { id: '1' } } }]);
    await server.x.media.status({ mediaId: '12' });
    expect(server.last().query.get('command')).toBe('STATUS');
    await server.x.media.upload({ media, mediaCategory: 'tweet_image' });
    expect(readMultipart(server.last()).map(({ name }) => name)).toEqual(['media_category', 'media']);
  });

  test('the timeline asks for media keys without naming a field that X renames', async ({ expect }) => {
    await using server = await startX([{ json: { meta: { result_count: 0 } } }]);
    await server.x.users.timeline({ userId: '1', startTime });
    const { query } = server.last();
    expect(query.get('expansions')).toBe('attachments.media_keys');
    expect(query.get('start_time')).toBe('2026-01-02T03:04:05Z');
    expect([...query.keys()].filter((name) => /^(tweet|post)\.fields$/.test(name))).toEqual([]);
  });

  test('deleting subtitles sends a body with the category in its own spelling', async ({ expect }) => {
    await using server = await startX([{ json: { data: { deleted: true } } }]);
    await server.x.media.deleteSubtitles({ mediaId: '12', mediaCategory: 'tweet_video', languageCode: 'EN' });
    expect(server.last().method).toBe('DELETE');
    expect(JSON.parse(server.last().body.toString())).toMatchObject({ media_category: 'TweetVideo' });
  });

  test('metadata nests every value once', async ({ expect }) => {
    await using server = await startX([{ json: { data: { id: '12' } } }]);
    await server.x.media.setMetadata({ mediaId: '12', altText: 'a cat', contentExpiresAt: 5999 });
    expect(JSON.parse(server.last().body.toString())).toEqual({
      id: '12',
      metadata: { alt_text: { text: 'a cat' }, content_expiration: { timestamp_sec: 5 } },
    });
  });

  test('finalize has no body and says so', async ({ expect }) => {
    await using server = await startX([{ json: { data: { id: '12' } } }]);
    await server.x.media.finalize({ mediaId: '12' });
    expect(server.last().headers['content-length']).toBe('0');
    expect(server.last().headers['content-type']).toBeUndefined();
  });
});
