import { makeGif, makeImage, makeVideo, smallestVideoBytes } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ACCOUNT, KEY, startApi, startStubbornS3, type ApiUnderTest } from './start-api.ts';

const PADDING_BYTES = 5_000_000;

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi();
  const put = (key: string, body: Uint8Array, contentType = 'application/octet-stream') =>
    api.s3.putObject({ bucket: 'media', key, body, contentType });
  const png = await makeImage({ type: 'png', seed: 1 }).bytes();
  await put('a.png', png);
  await put('b.jpg', await makeImage({ type: 'jpeg', seed: 2 }).bytes());
  await put('c.webp', await makeImage({ type: 'webp', seed: 3 }).bytes());
  await put('d.png', await makeImage({ type: 'png', seed: 4 }).bytes());
  await put('a.gif', await makeGif({ seed: 5 }).bytes());
  await put('b.gif', await makeGif({ seed: 6 }).bytes());
  await put('a.mp4', await makeVideo({ bytes: smallestVideoBytes, seed: 7 }).bytes());
  await put('empty.png', new Uint8Array());
  await put('large.png', Buffer.concat([png, Buffer.alloc(PADDING_BYTES)]), 'image/png');
  await put('notes.png', Buffer.from('These are notes and not a picture.'), 'image/png');
});
afterAll(() => api.stop());

const media = (...keys: string[]) => keys.map((key) => ({ bucket: 'media', key }));

describe('a good post', () => {
  test('is stored, has an address, and comes back as it was sent', async ({ expect }) => {
    const answer = await api.ask('/v1/posts', {
      method: 'POST',
      body: {
        account: '@ACME',
        text: 'It is here 🚢',
        media: [{ bucket: 'media', key: 'a.mp4', altText: 'A ship', ifChanged: 'restart' }],
        publishAt: '2099-01-31T09:00:00+01:00',
        options: { replySettings: 'following', madeWithAi: true, taggedUserIds: ['12'] },
      },
    });
    expect(answer.status).toBe(202);
    expect(answer.headers['location']).toBe(`/v1/posts/${answer.body.id}`);
    expect(answer.body).toMatchObject({
      account: ACCOUNT,
      status: 'scheduled',
      text: 'It is here 🚢',
      options: { replySettings: 'following', madeWithAi: true, taggedUserIds: ['12'] },
      publishAt: '2099-01-31T08:00:00.000Z',
      revision: 1,
    });
    expect(answer.body.media).toMatchObject([
      { key: 'a.mp4', altText: 'A ship', step: 'inspect', segments: null },
    ]);
    expect(answer.body).not.toHaveProperty('warnings');

    const again = await api.ask(`/v1/posts/${answer.body.id}`);
    expect(again.body).toEqual(answer.body);
    const stored = await api.store.posts.get(answer.body.id);
    expect(stored?.request.media).toEqual([
      {
        bucket: 'media',
        key: 'a.mp4',
        versionId: null,
        altText: 'A ship',
        category: null,
        ifChanged: 'restart',
      },
    ]);
  });

  test.for([
    ['text alone', { text: 'hello' }],
    ['four images and no text', { media: media('a.png', 'b.jpg', 'c.webp', 'd.png') }],
    ['one GIF', { media: media('a.gif') }],
    [
      'a video under another category that takes it',
      { media: [{ bucket: 'media', key: 'a.mp4', category: 'amplify_video' }] },
    ],
    [
      '280 by the weighted count, with a long URL',
      { text: `${'a'.repeat(256)} https://example.com/${'x'.repeat(500)}` },
    ],
  ] as const)('takes %s', async ([, body], { expect }) => {
    const answer = await api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, ...body } });
    expect(answer.status).toBe(202);
  });

  test('without publishAt is due when it was made', async ({ expect }) => {
    const { body } = await api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, text: 'now' } });
    expect(body.publishAt).toBe(body.createdAt);
  });

  test('due in the past is posted now and says so', async ({ expect }) => {
    const answer = await api.ask('/v1/posts', {
      method: 'POST',
      body: { account: ACCOUNT, text: 'late', publishAt: '2020-01-01T00:00:00Z' },
    });
    expect(answer.status).toBe(202);
    expect(answer.body.publishAt).toBe(answer.body.createdAt);
    expect(answer.body.warnings).toMatchObject([{ path: 'publishAt', code: 'in_the_past' }]);
  });
});

describe('bad input', () => {
  const rows: [
    what: string,
    body: object,
    status: number,
    errors: [path: string, code: string, words: RegExp][],
  ][] = [
    [
      'no such bucket',
      { media: [{ bucket: 'nowhere', key: 'a.png' }] },
      422,
      [['media[0].bucket', 'source_not_found', /nowhere/]],
    ],
    [
      'no such key',
      { media: media('a.png', 'gone.png') },
      422,
      [['media[1].key', 'source_not_found', /gone\.png/]],
    ],
    ['an empty object', { media: media('empty.png') }, 422, [['media[0].key', 'source_empty', /empty/]]],
    [
      'an object larger than X takes',
      { media: media('large.png') },
      422,
      [['media[0].key', 'media_too_large', /5000000/]],
    ],
    [
      'a wrong type behind a right-looking name',
      { media: media('notes.png') },
      422,
      [['media[0].key', 'media_type_unsupported', /image\/png/]],
    ],
    [
      'a category that the type does not go with',
      { media: [{ bucket: 'media', key: 'a.png', category: 'tweet_video' }] },
      422,
      [['media[0].category', 'media_type_unsupported', /tweet_image/]],
    ],
    [
      'a wrong type under any category',
      { media: [{ bucket: 'media', key: 'notes.png', category: 'tweet_image' }] },
      422,
      [['media[0].key', 'media_type_unsupported', /no known media type/]],
    ],
    [
      'five media',
      { media: media('a.png', 'a.png', 'a.png', 'a.png', 'a.png') },
      400,
      [['media', 'too_many', /at most 4/]],
    ],
    ['a video with an image', { media: media('a.mp4', 'a.png') }, 422, [['media', 'media_mix', /video/]]],
    ['two GIFs', { media: media('a.gif', 'b.gif') }, 422, [['media', 'media_mix', /2 GIFs/]]],
    ['text over the limit', { text: 'x'.repeat(281) }, 422, [['text', 'text_too_long', /281.*280/]]],
    ['wide text over the limit', { text: '字'.repeat(141) }, 422, [['text', 'text_too_long', /282.*280/]]],
    [
      'text too long to be counted',
      { text: 'a.'.repeat(30_000) },
      422,
      [['text', 'text_too_long', /60000.*280/]],
    ],
    [
      'a malformed publishAt',
      { text: 'x', publishAt: 'tomorrow' },
      400,
      [['publishAt', 'invalid_format', /not an instant/]],
    ],
    [
      'a day that does not exist',
      { text: 'x', publishAt: '2027-02-30T00:00:00Z' },
      400,
      [['publishAt', 'invalid_format', /not an instant/]],
    ],
    [
      'publishAt without an offset',
      { text: 'x', publishAt: '2027-01-31T09:00:00' },
      400,
      [['publishAt', 'missing_offset', /2027-01-31T09:00:00Z/]],
    ],
    [
      'publishAt as a number',
      { text: 'x', publishAt: 1800000000 },
      400,
      [['publishAt', 'wrong_type', /must be a string; this is a number/]],
    ],
    [
      'an unknown account',
      { account: '@acmee', text: 'x' },
      422,
      [['account', 'unknown_account', /Did you mean @acme\?/]],
    ],
    [
      'an unknown account id',
      { account: 'acct_01k9zq3v6h2m8d4t7w5x0c1b9q', text: 'x' },
      422,
      [['account', 'unknown_account', /GET \/v1\/accounts/]],
    ],
    ['no account', { account: undefined, text: 'x' }, 400, [['account', 'required', /needed/]]],
    [
      'an unknown field near a known one',
      { txt: 'x', text: 'x' },
      400,
      [['txt', 'unknown_field', /Did you mean text\?/]],
    ],
    [
      'an unknown field near nothing',
      { text: 'x', zebra: 1 },
      400,
      [['zebra', 'unknown_field', /The fields are: account, text/]],
    ],
    [
      'an option outside of options',
      { text: 'x', madeWithAi: true },
      400,
      [['madeWithAi', 'unknown_field', /options\.madeWithAi/]],
    ],
    [
      'an unknown field of media',
      { media: [{ bucket: 'media', key: 'a.png', alt_text: 'x' }] },
      400,
      [['media[0].alt_text', 'unknown_field', /Did you mean altText\?/]],
    ],
    [
      'an unknown field of options',
      { text: 'x', options: { paidpartnership: true } },
      400,
      [['options.paidpartnership', 'unknown_field', /paidPartnership/]],
    ],
    [
      'a value that is not in the list',
      { text: 'x', options: { replySettings: 'followings' } },
      400,
      [['options.replySettings', 'invalid_value', /Did you mean following\?/]],
    ],
    ['neither text nor media', { text: ' ' }, 400, [['text', 'empty_post', /text or media/]]],
    [
      'tags without media',
      { text: 'x', options: { taggedUserIds: ['1'] } },
      400,
      [['options.taggedUserIds', 'tags_without_media', /media/]],
    ],
    [
      'eleven tags',
      { media: media('a.png'), options: { taggedUserIds: Array.from({ length: 11 }, () => '1') } },
      400,
      [['options.taggedUserIds', 'too_many', /at most 10/]],
    ],
    [
      'an id of X as a number',
      { text: 'x', options: { inReplyToPostId: 12 } },
      400,
      [['options.inReplyToPostId', 'wrong_type', /string/]],
    ],
    [
      'an id of X that is none',
      { text: 'x', options: { inReplyToPostId: '12x' } },
      400,
      [['options.inReplyToPostId', 'invalid_format', /digits/]],
    ],
    [
      'alt text over the limit',
      { media: [{ bucket: 'media', key: 'a.png', altText: 'x'.repeat(1001) }] },
      400,
      [['media[0].altText', 'too_long', /1000/]],
    ],
    [
      'an empty key',
      { media: [{ bucket: 'media', key: '' }] },
      400,
      [['media[0].key', 'too_short', /at least 1/]],
    ],
    [
      'null for an optional field',
      { text: 'x', publishAt: null },
      400,
      [['publishAt', 'wrong_type', /leave the field out/]],
    ],
    ['half of an emoji', { text: 'x\ud83d' }, 400, [['text', 'invalid_unicode', /surrogate/]]],
    [
      'many things at once',
      { account: '@nobody', text: 'x'.repeat(300), media: media('gone.png', 'empty.png') },
      422,
      [
        ['account', 'unknown_account', /nobody/],
        ['text', 'text_too_long', /300/],
        ['media[0].key', 'source_not_found', /gone/],
        ['media[1].key', 'source_empty', /empty/],
      ],
    ],
  ];

  test.for(rows)(
    '%s is refused by its field, with a remedy',
    async ([, body, status, expected], { expect }) => {
      const answer = await api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, ...body } });
      expect({ status: answer.status, body: answer.body }).toMatchObject({
        status,
        body: { status, code: status === 422 ? 'post_refused' : 'invalid_request' },
      });
      const errors: { path: string; code: string; detail: string; hint: string }[] = answer.body.errors;
      expect(errors.map(({ path, code }) => [path, code])).toEqual(
        expected.map(([path, code]) => [path, code]),
      );
      for (const [index, [, , words]] of expected.entries()) {
        expect(`${errors[index]?.detail} ${errors[index]?.hint}`).toMatch(words);
        expect(errors[index]?.hint).not.toBe('');
      }
    },
  );

  test('stores nothing that was refused', async ({ expect }) => {
    const countPosts = async () => (await api.ask('/v1/posts?limit=100')).body.posts.length;
    const before = await countPosts();
    await api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, media: media('gone.png') } });
    await api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, text: 'x'.repeat(281) } });
    expect(await countPosts()).toBe(before);
  });
});

describe('an S3 store that', () => {
  test.for([
    ['denies access refuses the post', { status: 403, code: 'AccessDenied' }, 422, 'source_denied'],
    ['is overloaded does not refuse the post', { status: 503, code: 'SlowDown' }, 202, 'source_unavailable'],
    ['never answers does not refuse the post', 'silence', 202, 'source_unavailable'],
  ] as const)('%s', async ([, behaviour, status, code], { expect }) => {
    const s3 = await startStubbornS3(behaviour);
    const other = await startApi({ s3Endpoint: s3.endpoint, limits: { inspectTimeoutMs: 200 } });
    try {
      const body = { account: ACCOUNT, media: media('a.png') };
      const answer = await other.ask('/v1/posts', { method: 'POST', body });
      expect(answer.status).toBe(status);
      expect(status === 202 ? answer.body.warnings : answer.body.errors).toMatchObject([{ code }]);
    } finally {
      await other.stop();
      await s3.stop();
    }
  });
});

test('a caller that hangs up before its answer has posted nothing', async ({ expect }) => {
  const s3 = await startStubbornS3('silence');
  const other = await startApi({ s3Endpoint: s3.endpoint, limits: { inspectTimeoutMs: 60_000 } });
  const hangUp = new AbortController();
  const asking = fetch(`${other.url}/v1/posts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ account: ACCOUNT, media: media('a.png') }),
    signal: hangUp.signal,
  });
  await s3.asked;
  hangUp.abort();
  await expect(asking).rejects.toThrow();
  // The object is not asked for any longer, so nothing can come of it.
  await s3.hungUp;
  expect((await other.ask('/v1/posts')).body.posts).toEqual([]);
  expect(other.logs.join('')).not.toContain('"level":50');
  await other.stop();
  await s3.stop();
});
