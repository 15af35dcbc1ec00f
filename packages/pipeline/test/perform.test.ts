import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createXClient } from '@slipway/x-media';
import { describe, test } from 'vitest';
import { type Action, type PostState, type StepEvent, newPostState } from '../src/core/index.ts';
import { type World, perform } from '../src/index.ts';
import { crcOf } from './crc-of.ts';
import { videoAt } from './failure-cases.ts';
import {
  DAY,
  MIB,
  T0,
  imageRequest,
  policy,
  requestOf,
  sourceOf,
  video,
  videoRequest,
  noLimits,
} from './fixtures.ts';
import { type Reply, type StoreServer, rangeOf, refuse, serve, startStore } from './store-server.ts';

const BODY = Buffer.alloc(MIB, 7);
const ETAG = '"1"';
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
const source = { ...video, etag: ETAG, bytes: BODY.length };
const request = requestOf({ media: [videoRequest({ altText: 'a red door' })] });

interface Seen {
  path: string;
  contentType: string | undefined;
  body: string;
  bytes: number;
}

interface Edge extends AsyncDisposable {
  world: World;
  store: StoreServer;
  seen: Seen[];
}

type Answer = (response: ServerResponse, request: IncomingMessage, body: Buffer) => void;

/** A store and X, each a real server that answers as the test says. */
async function startEdge(storeReply: Reply, answer: Answer): Promise<Edge> {
  const store = await startStore(storeReply);
  const seen: Seen[] = [];
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { 'content-type': contentType } = request.headers;
      seen.push({ path: request.url ?? '', contentType, body: body.toString('latin1'), bytes: body.length });
      answer(response, request, body);
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has such an address
  const { port } = http.address() as AddressInfo;
  const x = createXClient({ baseUrl: `http://127.0.0.1:${port}` });
  return {
    world: {
      x,
      objects: store.objects,
      accounts: {
        find: async (id) => ({ id, username: 'ada', xUserId: '7', app: 'default' }),
        credentialsOf: async () => ({ credentials: { type: 'oauth2', accessToken: 'token-0123456789' } }),
        refused: async () => undefined,
      },
      quota: noLimits,
      policy,
      clock: { now: () => T0 },
      random: () => 0.25,
    },
    store,
    seen,
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
      await x.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

const json =
  (data: unknown, status = 200): Answer =>
  (response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(data));

const intent = { attempt: 1, startedAt: T0, deadline: T0 + 40_000 };
const intended = (state: PostState): PostState => ({ ...state, publish: { ...state.publish, intent } });
const stateOf = (patch: Parameters<typeof videoAt>[0] = {}): PostState =>
  intended({ ...newPostState(request), media: [videoAt({ source, ...patch })] });

const does = async (edge: Edge, action: Action, state = stateOf(), onBytes = (_bytes: number) => {}) =>
  await perform(edge.world, action, { request, state }, { signal: new AbortController().signal, onBytes });

const segment = { index: 1, offset: 1000, bytes: 5000 };
const append: Action = { do: 'append', item: 0, mediaId: '1', segment, encoding: 'multipart' };
const good = serve({ body: BODY, etag: ETAG });

describe('each effect says what happened', () => {
  const effects: [Action['do'], Action, unknown, Partial<StepEvent>][] = [
    [
      'initialize',
      { do: 'initialize', item: 0 },
      { data: { id: '1', media_key: '7_1', expires_after_secs: 3600 } },
      { type: 'initialized', item: 0, mediaId: '1', mediaKey: '7_1', expiresAt: T0 + 3_600_000 },
    ],
    ['append', append, {}, { type: 'appended', item: 0, mediaId: '1', segment: 1 }],
    [
      'upload_once',
      { do: 'upload_once', item: 0, encoding: 'multipart' },
      { data: { id: '1', media_key: '3_1' } },
      // X gives an unused id a day when it does not say.
      { type: 'uploaded_once', mediaId: '1', mediaKey: '3_1', expiresAt: T0 + DAY, processing: null },
    ],
    [
      'finalize',
      { do: 'finalize', item: 0, mediaId: '1' },
      { data: { id: '1', processing_info: { state: 'pending', check_after_secs: 3 } } },
      {
        type: 'finalized',
        mediaId: '1',
        expiresAt: null,
        processing: { state: 'pending', checkAfterMs: 3_000, progressPercent: null, error: null },
      },
    ],
    [
      'poll',
      { do: 'poll', item: 0, mediaId: '1' },
      {
        data: {
          id: '1',
          processing_info: {
            state: 'failed',
            progress_percent: 12,
            error: { code: 1, name: 'InvalidMedia' },
          },
        },
      },
      {
        type: 'polled',
        processing: {
          state: 'failed',
          checkAfterMs: null,
          progressPercent: 12,
          error: { name: 'InvalidMedia', message: null },
        },
      },
    ],
    ['describe', { do: 'describe', item: 0, mediaId: '1' }, { data: { id: '1' } }, { type: 'described' }],
    ['create', { do: 'create' }, { data: { id: '99', text: 'hello' } }, { type: 'created', xPostId: '99' }],
  ];
  test.for(effects)('%s', async ([, action, answer, event], { expect }) => {
    await using edge = await startEdge(good, json(answer));
    expect(await does(edge, action)).toMatchObject({ at: T0, ...event });
    expect(edge.seen).toHaveLength(1);
  });

  test('a refusal is something that happened, with X’s words', async ({ expect }) => {
    const body = { title: 'Forbidden', detail: 'Not you.', type: 'about:blank', status: 403 };
    await using edge = await startEdge(good, json(body, 403));
    for (const [, action] of effects) {
      expect(await does(edge, action)).toMatchObject({
        type: 'failed',
        at: T0,
        action,
        jitter: 0.25,
        problem: { from: 'x', status: 403, messages: ['Not you.'] },
      });
    }
  });

  test('inspect looks at the object and leaves X alone', async ({ expect }) => {
    await using edge = await startEdge(serve({ body: PNG, etag: ETAG }), json({}));
    expect(await does(edge, { do: 'inspect', item: 0 })).toMatchObject({
      type: 'inspected',
      item: 0,
      category: 'tweet_image',
      source: { etag: ETAG, mediaType: 'image/png', width: 1, height: 1 },
    });
    expect(edge.seen).toEqual([]);
  });
});

describe('what is sent to X', () => {
  test('a segment: exactly its bytes, with its number, in either encoding, counted as they go', async ({
    expect,
  }) => {
    const body = Buffer.from(Array.from({ length: 10_000 }, (_, index) => index % 251));
    await using edge = await startEdge(serve({ body, etag: ETAG }), json({}));
    const state = stateOf({ source: { ...source, bytes: body.length } });
    const bytes = body.subarray(1000, 6000);
    let counted = 0;
    await does(edge, append, state, (sent) => (counted += sent));
    await does(edge, { ...append, encoding: 'json' }, state);
    expect(counted).toBe(bytes.length);
    const [multipart, base64] = edge.seen;
    expect(multipart?.path).toBe('/2/media/upload/1/append');
    expect(multipart?.contentType).toMatch(/^multipart\/form-data/);
    expect(multipart?.body).toContain(bytes.toString('latin1'));
    expect(base64?.contentType).toBe('application/json');
    expect(JSON.parse(base64?.body ?? '')).toEqual({ segment_index: 1, media: bytes.toString('base64') });
    expect(edge.store.seen[0]).toMatchObject({ range: 'bytes=1000-5999', ifMatch: ETAG });
  });

  test('a post: its text, the media ids in order, and its options by X’s names', async ({ expect }) => {
    await using edge = await startEdge(good, json({ data: { id: '99', text: '' } }));
    const full = requestOf({
      text: 'hello',
      media: [imageRequest(), imageRequest()],
      options: {
        replySettings: 'mentionedUsers',
        madeWithAi: true,
        paidPartnership: false,
        inReplyToPostId: '5',
        taggedUserIds: ['6', '7'],
        communityId: '8',
        shareWithFollowers: true,
        forSuperFollowersOnly: false,
        nullcast: false,
        placeId: 'p',
      },
    });
    const uploads = ['12', '11'].map((mediaId) => {
      const media = videoAt({ step: 'ready', category: 'tweet_image', source: sourceOf() });
      return { ...media, upload: media.upload && { ...media.upload, mediaId } };
    });
    const state = intended({ ...newPostState(full), media: uploads });
    const options = { signal: new AbortController().signal, onBytes: () => {} };
    await perform(edge.world, { do: 'create' }, { request: full, state }, options);
    expect(JSON.parse(edge.seen[0]?.body ?? '')).toEqual({
      text: 'hello',
      media: { media_ids: ['12', '11'], tagged_user_ids: ['6', '7'] },
      reply: { in_reply_to_tweet_id: '5' },
      reply_settings: 'mentionedUsers',
      made_with_ai: true,
      paid_partnership: false,
      community_id: '8',
      share_with_followers: true,
      for_super_followers_only: false,
      nullcast: false,
      geo: { place_id: 'p' },
    });
  });

  test('a post without text says nothing of text, one without media nothing of media', async ({ expect }) => {
    await using edge = await startEdge(good, json({ data: { id: '99', text: '' } }));
    const options = { signal: new AbortController().signal, onBytes: () => {} };
    const silent = requestOf({ text: '', media: [videoRequest()] });
    await perform(edge.world, { do: 'create' }, { request: silent, state: stateOf() }, options);
    const plain = requestOf();
    await perform(
      edge.world,
      { do: 'create' },
      { request: plain, state: intended(newPostState(plain)) },
      options,
    );
    expect(edge.seen.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { media: { media_ids: ['1'] } },
      { text: 'hello' },
    ]);
  });
});

describe('a store that fails inside a request to X is the store’s failure', () => {
  const failures: [string, Reply, string][] = [
    ['changed before the read', refuse(412, 'PreconditionFailed'), 'changed'],
    ['gone before the read', refuse(404, 'NoSuchKey'), 'not_found'],
    [
      'broken off within the segment',
      (response, request) => {
        partial(response, request);
        response.write(BODY.subarray(0, 1000), () => response.socket?.resetAndDestroy());
      },
      'unavailable',
    ],
    [
      'too short',
      (response, request) => {
        partial(response, request, false);
        response.end(BODY.subarray(0, 1000));
      },
      'wrong_range',
    ],
    [
      'too long',
      (response, request) => {
        partial(response, request, false);
        response.end(BODY.subarray(0, 6000));
      },
      'wrong_range',
    ],
  ];
  function partial(response: ServerResponse, request: IncomingMessage, sized = true): void {
    const { first, last } = rangeOf(request, BODY.length);
    response.writeHead(206, {
      etag: ETAG,
      'content-range': `bytes ${first}-${last}/${BODY.length}`,
      ...(sized ? { 'content-length': last - first + 1 } : {}),
    });
  }
  test.for(failures)('%s', async ([, reply, code], { expect }) => {
    await using edge = await startEdge(reply, json({}));
    expect(await does(edge, append)).toMatchObject({ type: 'failed', problem: { from: 's3', code } });
    expect(edge.seen).toEqual([]);
  });
});

describe('an object with a checksum', () => {
  const algorithm = 'CRC64NVME';
  const value = crcOf(algorithm, BODY.subarray(0, 6000));
  const object = { body: BODY.subarray(0, 6000), etag: ETAG, checksum: { algorithm, value } as const };
  const pinned = stateOf({ source: { ...source, bytes: 6000, checksum: object.checksum } });
  const once: Action = { do: 'upload_once', item: 0, encoding: 'multipart' };
  const damaged = Buffer.from(object.body);
  damaged[5999] = 0;

  test('is pinned with it', async ({ expect }) => {
    await using edge = await startEdge(serve({ ...object, body: PNG }), json({}));
    expect(await does(edge, { do: 'inspect', item: 0 })).toMatchObject({
      type: 'inspected',
      source: { etag: ETAG, checksum: object.checksum },
    });
  });

  test('is looked at again when its store was too busy to give it', async ({ expect }) => {
    const good = serve({ ...object, body: PNG });
    const busy: Reply = (response, request) =>
      request.method === 'HEAD' ? void response.writeHead(503).end() : good(response, request);
    await using edge = await startEdge(busy, json({}));
    expect(await does(edge, { do: 'inspect', item: 0 })).toMatchObject({
      type: 'failed',
      problem: { from: 's3', code: 'unavailable' },
    });
  });

  test('has a checksum for each segment that was acknowledged', async ({ expect }) => {
    await using edge = await startEdge(serve(object), json({}));
    expect(await does(edge, append, pinned)).toMatchObject({
      type: 'appended',
      checksum: crcOf(algorithm, BODY.subarray(1000, 6000)),
    });
  });

  test.for([once, { ...append, segment: { index: 0, offset: 0, bytes: 6000 } }])(
    'is not completed at X in one request if its bytes are wrong: $do',
    async (action, { expect }) => {
      await using edge = await startEdge(serve({ ...object, body: damaged }), json({ data: { id: '1' } }));
      expect(await does(edge, action, pinned)).toMatchObject({
        type: 'failed',
        problem: { from: 's3', code: 'wrong_bytes' },
      });
      expect(edge.seen).toEqual([]);
      edge.store.reply = serve(object);
      expect(await does(edge, action, pinned)).not.toMatchObject({ type: 'failed' });
    },
  );
});

describe('an account', () => {
  test('without credentials holds the post, and nothing is sent', async ({ expect }) => {
    await using edge = await startEdge(good, json({}));
    const waiting = { reason: 'account', cause: 'disconnected', until: T0 + 1, detail: 'gone' } as const;
    edge.world.accounts.credentialsOf = async () => ({ waiting });
    expect(await does(edge, append)).toEqual({ type: 'held', at: T0, action: append, waiting });
    expect([edge.seen, edge.store.seen]).toEqual([[], []]);
  });

  test('is told of credentials that X refuses, and of nothing else', async ({ expect }) => {
    for (const status of [401, 403, 503]) {
      await using edge = await startEdge(good, json({ title: 'Unauthorized' }, status));
      const refused: unknown[] = [];
      edge.world.accounts.refused = async (...told) => void refused.push(told);
      expect(await does(edge, append)).toMatchObject({ type: 'failed', problem: { from: 'x', status } });
      const credentials = { type: 'oauth2', accessToken: 'token-0123456789' };
      expect(refused, String(status)).toEqual(status === 401 ? [[request.accountId, credentials]] : []);
    }
  });

  test('whose refresh takes long is not waited for by an effect that is aborted', async ({ expect }) => {
    await using edge = await startEdge(good, json({}));
    edge.world.accounts.credentialsOf = () => new Promise(() => {});
    const abort = new AbortController();
    const work = perform(
      edge.world,
      append,
      { request, state: stateOf() },
      { signal: abort.signal, onBytes: () => {} },
    );
    const stop = new Error('stop');
    abort.abort(stop);
    await expect(work).rejects.toBe(stop);
  });
});

describe('an effect that is aborted', () => {
  test('rejects with the abort’s own reason, wherever it is', async ({ expect }) => {
    const stop = new Error('stop');
    for (const where of ['store', 'x'] as const) {
      const abort = new AbortController();
      const end = () => abort.abort(stop);
      await using edge = await startEdge(where === 'store' ? end : good, where === 'x' ? end : json({}));
      const work = perform(
        edge.world,
        append,
        { request, state: stateOf() },
        { signal: abort.signal, onBytes: () => {} },
      );
      await expect(work).rejects.toBe(stop);
    }
  });

  test('rejects for a defect of ours', async ({ expect }) => {
    await using edge = await startEdge(good, json({}));
    await expect(does(edge, append, newPostState(request))).rejects.toThrow('was not inspected');
  });
});
