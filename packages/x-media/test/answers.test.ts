import { describe, test } from 'vitest';
import { nextResetAt } from '../src/index.ts';
import type { XAccountClient } from '../src/index.ts';
import { type Reply, OAUTH2, startX } from './x-server.ts';

const notFound = {
  value: '3_2',
  detail: 'Could not find media with media_keys: [3_2].',
  title: 'Not Found Error',
  resource_type: 'media',
  parameter: 'media_keys',
  resource_id: '3_2',
  type: 'https://api.x.com/2/problems/resource-not-found',
};

const append = (x: XAccountClient) =>
  x.media.append({ mediaId: '1', segmentIndex: 0, media: Buffer.from('abc') });

interface Row {
  name: string;
  json: unknown;
  call: (x: XAccountClient) => Promise<{ data: unknown }>;
  data: unknown;
}

const rows: Row[] = [
  {
    name: 'initialize',
    json: {
      data: {
        id: '1880028106020515840',
        media_key: '13_1880028106020515840',
        expires_after_secs: 1_295_999,
        new_field: {},
      },
    },
    call: (x) =>
      x.media.initialize({ mediaType: 'video/mp4', mediaCategory: 'amplify_video', totalBytes: 1 }),
    data: { id: '1880028106020515840', mediaKey: '13_1880028106020515840', expiresAfterSecs: 1_295_999 },
  },
  {
    name: 'initialize with nulls, a numeric string and a wrong type',
    json: { data: { id: '1', media_key: null, expires_after_secs: '3599' } },
    call: (x) => x.media.initialize({ mediaType: 'video/mp4', mediaCategory: 'tweet_video', totalBytes: 1 }),
    data: { id: '1', expiresAfterSecs: 3599 },
  },
  {
    name: 'append',
    json: { data: { expires_at: 1_700_000_000 } },
    call: append,
    data: { expiresAt: 1_700_000_000_000 },
  },
  { name: 'append, without data', json: {}, call: append, data: {} },
  {
    name: 'finalize of a video',
    json: {
      data: {
        id: '1',
        size: 10,
        video: { video_type: 'video/mp4' },
        processing_info: { state: 'pending', check_after_secs: 1 },
      },
    },
    call: (x) => x.media.finalize({ mediaId: '1' }),
    data: {
      id: '1',
      sizeBytes: 10,
      video: { type: 'video/mp4' },
      processing: { state: 'pending', checkAfterSecs: 1 },
    },
  },
  {
    name: 'status with the error that no schema knows',
    json: {
      data: {
        id: '1',
        processing_info: {
          state: 'in_progress',
          progress_percent: 99,
          error: { code: 1, name: 'InvalidMedia', message: null },
        },
      },
    },
    call: (x) => x.media.status({ mediaId: '1' }),
    data: {
      id: '1',
      processing: { state: 'in_progress', progressPercent: 99, error: { code: 1, name: 'InvalidMedia' } },
    },
  },
  {
    name: 'status, processing null: ready',
    json: { data: { id: '1', processing_info: null, image: { w: 4, h: 3, image_type: 'image/png' } } },
    call: (x) => x.media.status({ mediaId: '1' }),
    data: { id: '1', image: { width: 4, height: 3, type: 'image/png' } },
  },
  {
    name: 'create, older names',
    json: { data: { id: '1', text: 'hello', edit_history_tweet_ids: ['1'] } },
    call: (x) => x.posts.create({ text: 'hello' }),
    data: { id: '1', text: 'hello', editHistoryIds: ['1'] },
  },
  {
    name: 'create, newer names',
    json: { data: { id: '1', text: 'hello', edit_history_post_ids: ['1'] } },
    call: (x) => x.posts.create({ text: 'hello' }),
    data: { id: '1', text: 'hello', editHistoryIds: ['1'] },
  },
  {
    name: 'timeline, both vocabularies',
    json: {
      data: [
        {
          id: '3',
          text: 'c',
          attachments: { media_keys: ['3_1', '3_2'] },
          note_tweet: { text: 'long' },
          edit_history_tweet_ids: ['3'],
        },
        { id: '2', text: 'b', attachments: { media_keys: null }, note_post: { text: 'longer' } },
        { id: '1', text: 'a' },
      ],
      includes: { media: [] },
      meta: { result_count: 3, newest_id: '3', oldest_id: '1', next_token: 'abc' },
    },
    call: (x) => x.users.timeline({ userId: '1' }),
    data: {
      posts: [
        { id: '3', text: 'c', mediaKeys: ['3_1', '3_2'], longText: 'long' },
        { id: '2', text: 'b', mediaKeys: [], longText: 'longer' },
        { id: '1', text: 'a', mediaKeys: [] },
      ],
      nextToken: 'abc',
      resultCount: 3,
    },
  },
  {
    name: 'timeline, empty page',
    json: { meta: { result_count: 0 } },
    call: (x) => x.users.timeline({ userId: '1' }),
    data: { posts: [], resultCount: 0 },
  },
  {
    name: 'me, older name of the latest post',
    json: {
      data: {
        id: '1',
        name: 'A',
        username: 'a',
        verified: false,
        verified_type: 'blue',
        subscription_type: 'Premium',
        protected: false,
        most_recent_tweet_id: '9',
      },
    },
    call: (x) => x.users.me(),
    data: {
      id: '1',
      name: 'A',
      username: 'a',
      verified: false,
      verifiedType: 'blue',
      subscriptionType: 'Premium',
      protected: false,
      mostRecentPostId: '9',
    },
  },
  {
    name: 'usage, numbers as strings',
    json: {
      data: {
        project_id: '5',
        project_cap: '2000000',
        project_usage: '17',
        cap_reset_day: 3,
        daily_project_usage: { project_id: '5', usage: [{ date: '2026-01-01T00:00:00.000Z', usage: '17' }] },
        daily_client_app_usage: [
          {
            client_app_id: '6',
            usage: [{ date: '2026-01-01T00:00:00.000Z', usage: '17' }],
            usage_result_count: 1,
          },
        ],
      },
    },
    call: (x) => x.usage(),
    data: {
      projectId: '5',
      projectCap: 2_000_000,
      projectUsage: 17,
      capResetDay: 3,
      daily: [{ date: '2026-01-01T00:00:00.000Z', usage: 17 }],
      apps: [{ clientAppId: '6', daily: [{ date: '2026-01-01T00:00:00.000Z', usage: 17 }] }],
    },
  },
  {
    name: 'usage, integers and little of it',
    json: { data: { project_cap: 100, project_id: 5 } },
    call: (x) => x.usage(),
    data: { projectId: '5', projectCap: 100, daily: [], apps: [] },
  },
  {
    name: 'lookup with something missing',
    json: {
      data: [
        {
          media_key: '7_1',
          type: 'video',
          duration_ms: 1000,
          variants: [{ bit_rate: null, content_type: 'application/x-mpegURL', url: 'u' }],
          public_metrics: { view_count: 5 },
        },
      ],
      errors: [notFound],
    },
    call: (x) => x.media.lookup({ mediaKeys: ['7_1', '3_2'] }),
    data: [
      {
        mediaKey: '7_1',
        type: 'video',
        durationMs: 1000,
        viewCount: 5,
        variants: [{ contentType: 'application/x-mpegURL', url: 'u' }],
      },
    ],
  },
  {
    name: 'analytics, counters as numbers, strings and null',
    json: {
      data: [
        {
          media_key: '7_1',
          video_views: '12',
          timestamped_metrics: [
            {
              timestamp: '2026-01-01T00:00:00Z',
              metrics: { video_views: '12', playback25: 3, watch_time_ms: null },
            },
            { timestamp: null, metrics: null },
          ],
        },
      ],
    },
    call: (x) => x.media.analytics({ mediaKeys: ['7_1'], startTime: 0, endTime: 1000 }),
    data: [
      {
        mediaKey: '7_1',
        metrics: { videoViews: 12 },
        series: [
          { timestamp: '2026-01-01T00:00:00Z', metrics: { videoViews: 12, playback25: 3 } },
          { metrics: {} },
        ],
      },
    ],
  },
  {
    name: 'subtitles, as an object or as a list',
    json: { data: { id: '1', media_category: 'TweetVideo', associated_subtitles: [{ id: '2' }] } },
    call: (x) =>
      x.media.createSubtitles({
        mediaId: '1',
        mediaCategory: 'tweet_video',
        subtitles: { mediaId: '2', languageCode: 'EN', displayName: 'English' },
      }),
    data: { id: '1' },
  },
  {
    name: 'delete',
    json: { data: { deleted: true } },
    call: (x) => x.posts.delete({ postId: '1' }),
    data: { deleted: true },
  },
];

describe('answers are read leniently', () => {
  test.for(rows)('$name', async ({ json, call, data }, { expect }) => {
    await using server = await startX([{ json }]);
    const result = await call(server.x);
    expect(result.data).toEqual(data);
  });

  test('an append answered with a page is not: it is not from X', async ({ expect }) => {
    await using server = await startX([{ text: '<!DOCTYPE html><title>Just a moment...</title>' }]);
    await expect(append(server.x)).rejects.toMatchObject({
      code: 'invalid_response',
      details: { status: 200, reach: 'answered', retry: { advice: 'backoff' } },
    });
  });

  test('an append answered with nothing is a success', async ({ expect }) => {
    await using server = await startX([{ status: 204 }, { status: 200, text: '' }]);
    expect((await append(server.x)).data).toEqual({});
    expect((await append(server.x)).response.status).toBe(200);
  });

  test('an id sent as a number keeps every digit', async ({ expect }) => {
    await using server = await startX([
      { text: '{"data":{"id":1880028106020515841,"text":"1880028106020515841"}}' },
    ]);
    expect((await server.x.posts.create({ text: 'x' })).data.id).toBe('1880028106020515841');
  });

  test('partial errors come beside the data', async ({ expect }) => {
    await using server = await startX([
      { json: { data: [], errors: [notFound] } },
      { json: { errors: [notFound] } },
    ]);
    for (const _ of ['beside data', 'alone']) {
      const { data, partialErrors } = await server.x.media.lookup({ mediaKeys: ['3_2'] });
      expect(data).toEqual([]);
      expect(partialErrors).toEqual([
        {
          slug: 'resource-not-found',
          title: 'Not Found Error',
          detail: 'Could not find media with media_keys: [3_2].',
          parameter: 'media_keys',
          value: '3_2',
          resourceType: 'media',
          resourceId: '3_2',
        },
      ]);
    }
  });
});

describe('headers of an answer', () => {
  test('are kept, limits in milliseconds', async ({ expect }) => {
    const headers = {
      'x-rate-limit-limit': '1875',
      'x-rate-limit-remaining': '1874',
      'x-rate-limit-reset': '1700000000',
      'x-app-limit-24hour-limit': '180000',
      'x-app-limit-24hour-remaining': '5',
      'x-app-limit-24hour-reset': '1700000001',
      'x-user-limit-24hour-reset': 'soon',
      'x-transaction-id': 't1',
      'api-version': '2.164',
      'x-access-level': 'read-write',
    };
    await using server = await startX([{ headers, json: { data: { id: '1' } } }]);
    expect((await server.x.media.finalize({ mediaId: '1' })).response).toEqual({
      endpoint: 'POST /2/media/upload/{id}/finalize',
      status: 200,
      rateLimits: {
        window: { limit: 1875, remaining: 1874, resetAt: 1_700_000_000_000 },
        app24h: { limit: 180_000, remaining: 5, resetAt: 1_700_000_001_000 },
      },
      date: expect.closeTo(Date.now(), -4),
      transactionId: 't1',
      apiVersion: '2.164',
      accessLevel: 'read-write',
    });
  });

  test('may be missing', async ({ expect }) => {
    const bare: Reply = (_, response) => {
      response.sendDate = false;
      response.end(JSON.stringify({ data: { id: '1' } }));
    };
    await using server = await startX([bare]);
    expect((await server.x.media.finalize({ mediaId: '1' })).response).toEqual({
      endpoint: 'POST /2/media/upload/{id}/finalize',
      status: 200,
      rateLimits: {},
    });
  });

  test('are heard of with every answer, and before the call ends', async ({ expect }) => {
    const limits = (remaining: number) => ({
      'x-rate-limit-limit': '10',
      'x-rate-limit-remaining': String(remaining),
    });
    await using server = await startX([
      { headers: limits(2), json: { data: { id: '1', text: 'a' } } },
      { status: 429, headers: limits(0), json: { title: 'Too Many Requests', status: 429 } },
      { status: 503, text: 'down' },
      { headers: limits(1), text: '<html>' },
      (request) => void request.destroy(),
    ]);
    const heard: [status: number, remaining: number | undefined][] = [];
    const x = server.client.as(OAUTH2, {
      onResponse: ({ status, rateLimits }) => heard.push([status, rateLimits.window?.remaining]),
    });
    const lengths: number[] = [];
    for (const _ of [1, 2, 3, 4, 5]) {
      await x.posts.create({ text: 'a' }).catch(() => undefined);
      lengths.push(heard.length);
    }
    expect(heard).toEqual([
      [200, 2],
      [429, 0],
      [503, undefined],
      [200, 1],
    ]);
    expect(lengths).toEqual([1, 2, 3, 4, 4]);
  });
});

test('the next reset is the latest of those spent, else the window, else unknown', ({ expect }) => {
  const ahead = { limit: 1, remaining: 1, resetAt: 200 };
  const spent = { remaining: 0, resetAt: 500 };
  expect(nextResetAt({}, 100)).toBeUndefined();
  expect(nextResetAt({ window: ahead }, 100)).toBe(200);
  expect(nextResetAt({ window: ahead }, 200)).toBeUndefined();
  expect(nextResetAt({ window: ahead, app24h: spent, user24h: { remaining: 0, resetAt: 400 } }, 100)).toBe(
    500,
  );
  expect(nextResetAt({ app24h: ahead }, 100)).toBeUndefined();
});
