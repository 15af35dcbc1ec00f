import { describe, test } from 'vitest';
import { createXClient, isXError } from '../src/index.ts';
import type { XAccountClient, XErrorDetails } from '../src/index.ts';
import { catchXError } from './catch-error.ts';
import { OAUTH2, startX } from './x-server.ts';
import type { Reply } from './x-server.ts';

const NOW = Date.UTC(2026, 10, 1);
const now = () => NOW;
const inSecs = (secs: number) => String(NOW / 1000 + secs);

const finalize = (x: XAccountClient) => x.media.finalize({ mediaId: '1' });
const create = (x: XAccountClient) => x.posts.create({ text: 'hello' });
const timeline = (x: XAccountClient) => x.users.timeline({ userId: '1' });

const problem = (status: number, title: string, detail: string) => ({
  status,
  json: { title, detail, type: 'about:blank', status },
});

interface Row {
  name: string;
  reply: Reply;
  call?: (x: XAccountClient) => Promise<unknown>;
  expected: Partial<XErrorDetails>;
}

const rows: Row[] = [
  {
    name: 'generic problem (E1), 401: a fresh token may help',
    reply: problem(401, 'Unauthorized', 'Unauthorized'),
    expected: {
      code: 'unauthorized',
      status: 401,
      messages: ['Unauthorized'],
      retry: { advice: 'refresh_token' },
      fromX: true,
    },
  },
  {
    name: 'generic problem (E1), 403 duplicate at create: a definite refusal',
    reply: problem(403, 'Forbidden', 'You are not allowed to create a Tweet with duplicate content.'),
    call: create,
    expected: {
      code: 'forbidden',
      messages: ['You are not allowed to create a Tweet with duplicate content.'],
      retry: { advice: 'never' },
    },
  },
  {
    name: 'generic problem (E1), 503',
    reply: problem(503, 'Service Unavailable', 'Service Unavailable'),
    expected: { code: 'server_error', status: 503, retry: { advice: 'backoff' } },
  },
  {
    name: '503 at create leaves the outcome open',
    reply: problem(503, 'Service Unavailable', 'Service Unavailable'),
    call: create,
    expected: { code: 'server_error', reach: 'answered', retry: { advice: 'reconcile' } },
  },
  {
    name: '408 at create leaves the outcome open',
    reply: { status: 408 },
    call: create,
    expected: { code: 'server_error', retry: { advice: 'reconcile' } },
  },
  {
    name: 'invalid request (E2): the specific words come first, parameters are kept',
    reply: {
      status: 400,
      json: {
        errors: [{ message: 'Your media IDs are invalid.', parameters: { 'media.media_ids': ['[1]'] } }],
        title: 'Invalid Request',
        detail: 'One or more parameters to your request was invalid.',
        type: 'https://api.twitter.com/2/problems/invalid-request',
      },
    },
    call: create,
    expected: {
      code: 'bad_request',
      messages: ['Your media IDs are invalid.', 'One or more parameters to your request was invalid.'],
      title: 'Invalid Request',
      problemSlug: 'invalid-request',
      parameters: { 'media.media_ids': ['[1]'] },
      retry: { advice: 'never' },
    },
  },
  {
    name: 'invalid request (E2) in the vocabulary of 2.167, on the new host',
    reply: {
      status: 400,
      json: {
        title: 'Invalid Request',
        detail: 'bad',
        parameter: 'total_bytes',
        value: 7,
        type: 'https://api.x.com/2/problems/invalid-request',
      },
    },
    expected: { code: 'bad_request', problemSlug: 'invalid-request', parameters: { total_bytes: ['7'] } },
  },
  {
    name: 'client-forbidden (E3), problem type in an anchor of the docs',
    reply: {
      status: 403,
      json: {
        title: 'Client Forbidden',
        detail: 'This request must be made using an approved developer account.',
        type: 'https://developer.x.com/problems#client-forbidden',
        reason: 'client-not-enrolled',
        required_enrollment: 'Standard Basic',
        registration_url: 'https://developer.x.com',
      },
    },
    expected: {
      code: 'forbidden',
      problemSlug: 'client-forbidden',
      reason: 'client-not-enrolled',
      retry: { advice: 'never' },
    },
  },
  {
    name: 'v1 rate limit (E4): wait for the window',
    reply: {
      status: 429,
      headers: {
        'x-rate-limit-limit': '100',
        'x-rate-limit-remaining': '0',
        'x-rate-limit-reset': inSecs(300),
      },
      json: { errors: [{ code: 88, message: 'Rate limit exceeded' }] },
    },
    expected: {
      code: 'rate_limited',
      legacyCodes: [88],
      messages: ['Rate limit exceeded'],
      rateLimits: { window: { limit: 100, remaining: 0, resetAt: NOW + 300_000 } },
      retry: { advice: 'after_reset', at: NOW + 300_000 },
    },
  },
  {
    name: '429 with a spent day and a free window: the day decides',
    reply: {
      ...problem(429, 'Too Many Requests', 'Too Many Requests'),
      headers: {
        'x-rate-limit-limit': '100',
        'x-rate-limit-remaining': '99',
        'x-rate-limit-reset': inSecs(300),
        'x-user-limit-24hour-limit': '17',
        'x-user-limit-24hour-remaining': '0',
        'x-user-limit-24hour-reset': inSecs(40_000),
      },
    },
    call: create,
    expected: { code: 'rate_limited', retry: { advice: 'after_reset', at: NOW + 40_000_000 } },
  },
  {
    name: '429 without headers or body',
    reply: { status: 429 },
    expected: {
      code: 'rate_limited',
      messages: [],
      rateLimits: {},
      retry: { advice: 'backoff' },
      fromX: false,
    },
  },
  {
    name: '429 of a gateway with Retry-After',
    reply: { status: 429, headers: { 'retry-after': '30' } },
    expected: { code: 'rate_limited', retry: { advice: 'after_reset', at: NOW + 30_000 } },
  },
  {
    name: 'usage cap: no window to wait for',
    reply: {
      status: 429,
      headers: { 'x-rate-limit-reset': inSecs(300) },
      json: {
        title: 'UsageCapExceeded',
        detail: 'Usage cap exceeded: Monthly product cap',
        period: 'Monthly',
        scope: 'Product',
        type: 'https://api.twitter.com/2/problems/usage-capped',
      },
    },
    expected: { code: 'usage_capped', problemSlug: 'usage-capped', retry: { advice: 'never' } },
  },
  {
    name: 'partial error alone in a 200 (E5)',
    reply: {
      json: {
        errors: [
          {
            value: '1',
            detail: 'Could not find user with id: [1].',
            title: 'Not Found Error',
            resource_type: 'user',
            parameter: 'id',
            resource_id: '1',
            type: 'https://api.twitter.com/2/problems/resource-not-found',
          },
        ],
      },
    },
    call: timeline,
    expected: {
      code: 'not_found',
      status: 200,
      problemSlug: 'resource-not-found',
      retry: { advice: 'never' },
      parameters: { id: ['1'] },
    },
  },
  {
    name: 'v1 upload backend (E6), error text',
    reply: {
      status: 400,
      json: {
        request: '/1.1/media/upload.json',
        error: 'Segments do not add up to provided total file size.',
      },
    },
    expected: { code: 'bad_request', messages: ['Segments do not add up to provided total file size.'] },
  },
  {
    name: 'v1 upload backend (E6), code and message',
    reply: { status: 400, json: { code: 38, message: 'media parameter is missing.' } },
    expected: { code: 'bad_request', legacyCodes: [38], messages: ['media parameter is missing.'] },
  },
  {
    name: 'errors of bare strings (E7)',
    reply: { status: 500, json: { errors: ['internal server error'] } },
    expected: { code: 'server_error', messages: ['internal server error'], retry: { advice: 'backoff' } },
  },
  {
    name: 'a bare list of errors',
    reply: { status: 400, json: [{ code: 38, message: 'media parameter is missing.' }] },
    expected: { code: 'bad_request', legacyCodes: [38], messages: ['media parameter is missing.'] },
  },
  {
    name: 'errors alone where an empty 2xx would be a success',
    reply: { json: { errors: ['internal server error'] } },
    call: (x) => x.media.append({ mediaId: '1', segmentIndex: 0, media: Buffer.from('abc') }),
    expected: { code: 'invalid_response', messages: ['internal server error'], retry: { advice: 'backoff' } },
  },
  {
    name: 'empty body (E9), 413',
    reply: { status: 413 },
    call: (x) => x.media.append({ mediaId: '1', segmentIndex: 0, media: Buffer.from('abc') }),
    expected: { code: 'payload_too_large', messages: [], fromX: false, retry: { advice: 'never' } },
  },
  {
    name: '431',
    reply: { status: 431 },
    expected: { code: 'headers_too_large', retry: { advice: 'never' } },
  },
  {
    name: '413 of a gateway at create: refused before it was read, by whatever refused it',
    reply: { status: 413 },
    call: create,
    expected: { code: 'payload_too_large', fromX: false, retry: { advice: 'never' } },
  },
  {
    name: 'HTML (E9), 502',
    reply: {
      status: 502,
      headers: { 'content-type': 'text/html' },
      text: '<html><h1>Bad gateway</h1></html>',
    },
    expected: {
      code: 'server_error',
      messages: [],
      fromX: false,
      bodySnippet: '<html><h1>Bad gateway</h1></html>',
    },
  },
  {
    name: 'a gateway refusing a create: nothing says that X refused it',
    reply: { status: 403, text: '<html>Sorry, you have been blocked</html>' },
    call: create,
    expected: { code: 'forbidden', fromX: false, retry: { advice: 'reconcile' } },
  },
  {
    name: 'an empty refusal of a create with headers that only X sets',
    reply: { status: 403, headers: { 'x-transaction-id': 'abc' } },
    call: create,
    expected: { code: 'forbidden', fromX: true, transactionId: 'abc', retry: { advice: 'never' } },
  },
  {
    name: 'spec error (E10)',
    reply: { status: 403, json: { code: 261, message: 'Application cannot perform write actions.' } },
    call: create,
    expected: { code: 'forbidden', legacyCodes: [261], retry: { advice: 'never' } },
  },
  {
    name: 'no credits',
    reply: {
      status: 402,
      json: {
        type: 'https://api.twitter.com/2/problems/credits',
        title: 'CreditsDepleted',
        detail: 'Your enrolled account [1] does not have any credits to fulfill this request.',
      },
    },
    call: create,
    expected: {
      code: 'credits_depleted',
      problemSlug: 'credits',
      title: 'CreditsDepleted',
      retry: { advice: 'never' },
    },
  },
  {
    name: '404 of a media endpoint: X has had hours of those',
    reply: { status: 404 },
    expected: { code: 'not_found', retry: { advice: 'backoff' } },
  },
  {
    name: '404 of a timeline',
    reply: problem(404, 'Not Found', 'Not Found'),
    call: timeline,
    expected: { code: 'not_found', retry: { advice: 'backoff' } },
  },
  {
    name: '404 of a deleted post: gone',
    reply: problem(404, 'Not Found', 'Not Found'),
    call: (x) => x.posts.delete({ postId: '1' }),
    expected: { code: 'not_found', retry: { advice: 'never' } },
  },
  {
    name: 'redirect: not followed',
    reply: { status: 302, headers: { location: 'https://example.com/' } },
    expected: { code: 'unexpected_status', status: 302 },
  },
  {
    name: 'created without an id: the post may exist',
    reply: { status: 201, json: { data: { text: 'hello' } } },
    call: create,
    expected: { code: 'invalid_response', status: 201, reach: 'answered', retry: { advice: 'reconcile' } },
  },
  {
    name: 'created with an empty body',
    reply: { status: 201 },
    call: create,
    expected: { code: 'invalid_response', retry: { advice: 'reconcile' } },
  },
  {
    name: 'created, but only errors came back',
    reply: {
      json: {
        errors: [{ title: 'Not Found Error', type: 'https://api.x.com/2/problems/resource-not-found' }],
      },
    },
    call: create,
    expected: { code: 'not_found', retry: { advice: 'reconcile' } },
  },
  {
    name: 'HTML with status 200',
    reply: { text: '<html>maintenance</html>' },
    expected: {
      code: 'invalid_response',
      retry: { advice: 'backoff' },
      bodySnippet: '<html>maintenance</html>',
    },
  },
  {
    name: 'a timeline that says nothing is not an empty one',
    reply: { json: {} },
    call: timeline,
    expected: { code: 'invalid_response', retry: { advice: 'backoff' } },
  },
  {
    name: 'a timeline with an unreadable post is not one without it',
    reply: { json: { data: [{ text: 'no id' }], meta: { result_count: 1 } } },
    call: timeline,
    expected: { code: 'invalid_response' },
  },
  {
    name: 'processing in a shape nobody knows is not "ready"',
    reply: { json: { data: { id: '1', processing_info: 'soon' } } },
    expected: { code: 'invalid_response' },
  },
];

describe('answers of X become one kind of error', () => {
  test.for(rows)('$name', async ({ reply, call = finalize, expected }, { expect }) => {
    await using server = await startX([reply], { now });
    const error = await catchXError(call(server.x));
    expect(error.details).toMatchObject(expected);
    expect(error.code).toBe(error.details.code);
    expect(error.details.reach).toBe('answered');
    expect(JSON.parse(JSON.stringify(error.details))).toEqual(error.details);
  });
});

describe('an error', () => {
  test('keeps no secret that an answer quotes', async ({ expect }) => {
    const quoted = `token ${OAUTH2.accessToken} is bad`;
    await using server = await startX([
      {
        status: 401,
        json: { detail: quoted, errors: [{ message: quoted, parameters: { token: [OAUTH2.accessToken] } }] },
      },
      { status: 502, text: quoted },
    ]);
    for (const call of [finalize, create]) {
      const error = await catchXError(call(server.x));
      expect(JSON.stringify(error.details) + error.message).not.toContain(OAUTH2.accessToken);
      expect(JSON.stringify(error.details)).toContain('[redacted]');
    }
  });

  test('reads as one sentence and is told from others', async ({ expect }) => {
    await using server = await startX([problem(403, 'Forbidden', 'You are not permitted.')]);
    const error = await catchXError(create(server.x));
    expect(error.message).toBe('POST /2/tweets: forbidden (403): You are not permitted.');
    expect(isXError(error)).toBe(true);
    expect(isXError(new Error('XError'))).toBe(false);
  });

  test('of app or OAuth 1.0a credentials does not advise to refresh them', async ({ expect }) => {
    await using server = await startX([problem(401, 'Unauthorized', 'Unauthorized')]);
    const x = server.client.as({ type: 'app', bearerToken: 'app-token-0123456789' });
    const error = await catchXError(x.usage());
    expect(error.details.retry).toEqual({ advice: 'never' });
  });
});

const media = Buffer.from('abc');
const refusedInput: Array<[string, string, (x: XAccountClient) => Promise<unknown>]> = [
  ['an id that leads elsewhere', 'mediaId', (x) => x.media.finalize({ mediaId: '../2/tweets' })],
  ['a post id', 'postId', (x) => x.posts.delete({ postId: '' })],
  ['a user id', 'userId', (x) => x.users.timeline({ userId: 'me' })],
  ['segment 1000', 'segmentIndex', (x) => x.media.append({ mediaId: '1', segmentIndex: 1000, media })],
  [
    'an empty segment',
    'media.byteLength',
    (x) => x.media.append({ mediaId: '1', segmentIndex: 0, media: Buffer.alloc(0) }),
  ],
  [
    'an empty upload',
    'totalBytes',
    (x) => x.media.initialize({ mediaType: 'image/png', mediaCategory: 'tweet_image', totalBytes: 0 }),
  ],
  ['no media ids', 'media.mediaIds', (x) => x.posts.create({ media: { mediaIds: [] } })],
  ['a bad media id', 'media.mediaIds.1', (x) => x.posts.create({ media: { mediaIds: ['1', 'x'] } })],
  [
    'two attachments',
    'poll',
    (x) => x.posts.create({ media: { mediaIds: ['1'] }, poll: { options: ['a', 'b'], durationMinutes: 5 } }),
  ],
  ['a post of nothing', 'text', (x) => x.posts.create({ text: '' })],
  ['a long alt text', 'altText', (x) => x.media.setMetadata({ mediaId: '1', altText: 'a'.repeat(1001) })],
  [
    'a language with a region',
    'languageCode',
    (x) => x.media.deleteSubtitles({ mediaId: '1', mediaCategory: 'tweet_video', languageCode: 'pt-BR' }),
  ],
  ['a media key that is an id', 'mediaKeys.0', (x) => x.media.lookup({ mediaKeys: ['12'] })],
  ['a time that is none', 'startTime', (x) => x.users.timeline({ userId: '1', startTime: Number.NaN })],
  ['no time at all', 'timeoutMs', (x) => x.users.me({}, { timeoutMs: 0 })],
];

describe('input that X is known to reject', () => {
  test.for(refusedInput)('%s is refused before anything is sent', async ([, field, call], { expect }) => {
    await using server = await startX([{}]);
    const error = await catchXError(call(server.x));
    expect(error.details).toMatchObject({
      code: 'invalid_input',
      field,
      reach: 'not_sent',
      retry: { advice: 'never' },
    });
    expect(server.connections).toBe(0);
  });

  test('so is a token that no header can carry', async ({ expect }) => {
    const client = createXClient({ baseUrl: 'http://127.0.0.1:1' });
    const error = await catchXError(client.as({ type: 'oauth2', accessToken: 'a\r\nb' }).users.me());
    expect(error.details).toMatchObject({ code: 'invalid_input', field: 'credentials' });
    await client.close();
  });
});
