import { type PostState, newMediaState, newPostState } from '@slipway/pipeline/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ACCOUNT, startApi, type ApiUnderTest } from './start-api.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const failure = {
  code: 'x_unavailable',
  message: 'Service Unavailable',
  retryable: true,
  step: 'append',
  field: 'media[0]',
  hint: 'Send the post again later.',
  at: 1,
} as const;
const NOW = Date.now();
/** An id that X would give now. */
const X_POST_ID = String((BigInt(NOW) - 1_288_834_974_657n) << 22n);

/** A post in a state that only a worker brings about. */
async function postIn(part: Partial<PostState>): Promise<string> {
  const body = { account: ACCOUNT, text: 'x', publishAt: '2099-01-01T00:00:00Z' };
  const { id } = (await api.ask('/v1/posts', { method: 'POST', body })).body;
  await api.store.posts.change(id, ({ state }) => ({ state: { ...state, ...part }, events: [] }));
  return id;
}

const inDoubt = (deadline: number): Partial<PostState> => ({
  status: 'publishing',
  publish: {
    ...newPostState({ media: [] }).publish,
    attempts: 1,
    intent: { attempt: 1, startedAt: NOW - 60_000, deadline },
    doubt: {
      cause: 'no_answer',
      reason: 'X answered 503 without a word',
      since: NOW - 60_000,
      deadline,
      lookAts: [NOW + 60_000, NOW + 600_000],
      duplicate: false,
    },
  },
});
const unconfirmed: Partial<PostState> = {
  ...inDoubt(NOW - 1),
  status: 'unconfirmed',
  failure: { ...failure, code: 'unconfirmed', step: 'confirm' },
};
const post = (id: string, what: 'retry' | 'resolve', body?: unknown) =>
  api.ask(`/v1/posts/${id}/${what}`, { method: 'POST', ...(body === undefined ? {} : { body }) });

describe('retry', () => {
  test('sets a failed or missed post going again, with or without a body', async ({ expect }) => {
    for (const status of ['failed', 'missed'] as const) {
      for (const body of [undefined, {}, { from: 'checkpoint' }, { from: 'start' }]) {
        const id = await postIn({ status, failure });
        expect(await post(id, 'retry', body)).toMatchObject({
          status: 200,
          body: { id, status: 'scheduled', failure: null },
        });
        const seen = (await api.store.posts.events(id, null)).map(({ event }) => event.type);
        expect(seen.at(-1)).toBe('post.scheduled');
      }
    }
  });

  test('keeps what X has acknowledged, unless the start is asked for', async ({ expect }) => {
    const upload = {
      mediaId: '1',
      mediaKey: '7_1',
      expiresAt: NOW + 3_600_000,
      chunkBytes: 1024,
      acknowledged: [[0, 3]] as [number, number][],
      finalizeInDoubt: false,
      processing: null,
    };
    const media = [{ ...newMediaState(), step: 'append' as const, upload }];
    const kept = await postIn({ status: 'failed', failure, media });
    await post(kept, 'retry');
    const anew = await postIn({ status: 'failed', failure, media });
    await post(anew, 'retry', { from: 'start' });
    expect((await api.store.posts.get(kept))?.state).toMatchObject({
      status: 'staging',
      media: [{ upload: { acknowledged: [[0, 3]] } }],
    });
    expect((await api.store.posts.get(anew))?.state).toMatchObject({
      status: 'scheduled',
      media: [{ step: 'inspect', upload: null }],
    });
  });

  test.for([
    ['published', { status: 'published', published: { xPostId: '1', at: 1 } }, /new post/],
    ['canceled', { status: 'canceled' }, /new post/],
    ['scheduled', { status: 'scheduled' }, /nothing to be done/],
    ['in doubt', inDoubt(NOW - 1), /resolve/],
    ['unconfirmed', unconfirmed, /resolve/],
  ] as const)('of a post that is %s is refused', async ([, part, hint], { expect }) => {
    const id = await postIn(part);
    const before = await api.store.posts.get(id);
    expect(await post(id, 'retry')).toMatchObject({
      status: 409,
      body: { code: 'not_retryable', hint: expect.stringMatching(hint) },
    });
    expect(await api.store.posts.get(id)).toEqual(before);
  });

  test('of what is no post, and from nowhere', async ({ expect }) => {
    expect(await post('post_01k9zq3v6h2m8d4t7w5x0c1b9n', 'retry')).toMatchObject({ status: 404 });
    expect(await post(await postIn({ status: 'failed', failure }), 'retry', { from: 'end' })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ path: 'from', code: 'invalid_value' }] },
    });
  });
});

describe('resolve', () => {
  test('as published takes the id of X, also while it is still being looked for', async ({ expect }) => {
    for (const part of [unconfirmed, inDoubt(NOW + 3_600_000)]) {
      const id = await postIn(part);
      expect(await post(id, 'resolve', { outcome: 'published', xPostId: X_POST_ID })).toMatchObject({
        status: 200,
        body: {
          status: 'published',
          xPostId: X_POST_ID,
          url: `https://x.com/i/web/status/${X_POST_ID}`,
          publishedAt: new Date(NOW).toISOString(),
          failure: null,
          doubt: null,
        },
      });
    }
  });

  test('as not there gives it up, or has it created', async ({ expect }) => {
    const given = await postIn(unconfirmed);
    expect(await post(given, 'resolve', { outcome: 'fail' })).toMatchObject({
      body: { status: 'failed', failure: { code: 'not_published' } },
    });
    expect(await post(given, 'retry')).toMatchObject({ body: { status: 'scheduled' } });
    const again = await postIn(unconfirmed);
    expect(await post(again, 'resolve', { outcome: 'retry' })).toMatchObject({
      body: { status: 'scheduled', failure: null, doubt: null },
    });
  });

  test('as not there is refused while the call may be under way', async ({ expect }) => {
    for (const outcome of ['retry', 'fail']) {
      const id = await postIn(inDoubt(NOW + 3_600_000));
      const answer = await post(id, 'resolve', { outcome });
      expect(answer).toMatchObject({ status: 409, body: { code: 'too_early' } });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(3_000);
      expect((await api.store.posts.get(id))?.state.status).toBe('publishing');
    }
  });

  test.for([
    ['failed', { status: 'failed', failure }, /retry/],
    ['scheduled', {}, /Nothing/],
    ['being created', { ...inDoubt(NOW), publish: newPostState({ media: [] }).publish }, /just now/],
    ['published', { status: 'published', published: { xPostId: '1', at: 1 } }, /Nothing/],
  ] as const)('of a post that is %s is refused', async ([, part, hint], { expect }) => {
    expect(await post(await postIn(part), 'resolve', { outcome: 'fail' })).toMatchObject({
      status: 409,
      body: { code: 'not_in_doubt', hint: expect.stringMatching(hint) },
    });
  });

  test.for([
    [undefined, undefined],
    [{}, 'outcome'],
    [{ outcome: 'perhaps' }, 'outcome'],
    [{ outcome: 'published' }, 'xPostId'],
    [{ outcome: 'published', xPostId: 'https://x.com/acme/status/1' }, 'xPostId'],
    [{ outcome: 'published', xPostId: 1880028106020515840 }, 'xPostId'],
    // Of 2010, and of 2100: no such post can be meant.
    [{ outcome: 'published', xPostId: '1' }, 'xPostId'],
    [{ outcome: 'published', xPostId: '9999999999999999999' }, 'xPostId'],
    [{ outcome: 'fail', xPostId: X_POST_ID }, 'xPostId'],
  ])('with the body %j says what is wrong with it', async ([body, path], { expect }) => {
    const id = await postIn(unconfirmed);
    const answer = await post(id, 'resolve', body);
    expect(answer).toMatchObject({ status: 400 });
    if (path !== undefined) expect(answer.body.errors).toMatchObject([{ path }]);
    expect((await api.store.posts.get(id))?.state.status).toBe('unconfirmed');
  });

  test('a post in doubt says so: since when, why, and when it is looked for again', async ({ expect }) => {
    const id = await postIn(inDoubt(NOW - 1));
    expect((await api.ask(`/v1/posts/${id}`)).body.doubt).toEqual({
      since: new Date(NOW - 60_000).toISOString(),
      reason: 'X answered 503 without a word',
      nextLookAt: new Date(NOW + 60_000).toISOString(),
      looksLeft: 2,
    });
    const hold = { reason: 'rate_limit', until: NOW + 90_000, detail: null } as const;
    const held = await postIn({ ...inDoubt(NOW - 1), hold });
    expect((await api.ask(`/v1/posts/${held}`)).body.doubt).toMatchObject({
      nextLookAt: new Date(hold.until).toISOString(),
    });
    expect((await api.ask(`/v1/posts/${await postIn(unconfirmed)}`)).body.doubt).toBeNull();
  });
});

describe('what a post wants when things go wrong', () => {
  test('is kept and told, with what it means when nothing is said', async ({ expect }) => {
    const create = async (more: object) =>
      (await api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, text: 'x', ...more } })).body;
    expect(await create({})).toMatchObject({ ifLate: 'publish', onUnknown: 'hold' });
    expect(await create({ ifLate: 'skip', onUnknown: 'retry' })).toMatchObject({
      ifLate: 'skip',
      onUnknown: 'retry',
    });
  });

  test('must make sense', async ({ expect }) => {
    const ask = (more: object) =>
      api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, text: 'x', ...more } });
    expect(await ask({ ifLate: 'never' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'ifLate' }] },
    });
    expect(await ask({ onUnknown: 'panic' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'onUnknown' }] },
    });
    expect(await ask({ ifLate: 'skip', publishAt: '2020-01-01T00:00:00Z' })).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'publishAt', code: 'in_the_past' }] },
    });
  });
});
