import type { PostState } from '@slipway/pipeline/core';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ACCOUNT, startApi, type ApiUnderTest } from './start-api.ts';

const OTHER_ACCOUNT = 'acct_01k9zq3v6h2m8d4t7w5x0c1b9p';
const ABSENT = 'post_01k9zq3v6h2m8d4t7w5x0c1b9n';

let api: ApiUnderTest;

beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

async function create(account = ACCOUNT): Promise<string> {
  const body = { account, text: 'x', publishAt: '2099-01-01T00:00:00Z' };
  return (await api.ask('/v1/posts', { method: 'POST', body })).body.id;
}

const change = (id: string, part: Partial<PostState>) =>
  api.store.posts.change(id, ({ state }) => ({ state: { ...state, ...part }, events: [] }));

describe('an id that is no post', () => {
  test.for([
    ['/v1/posts/ID', 'GET'],
    ['/v1/posts/ID/cancel', 'POST'],
    ['/v1/posts/ID/events', 'GET'],
  ] as const)('is a 404 at %s', async ([path, method], { expect }) => {
    for (const id of [ABSENT, 'nonsense', '%00', '..%2F..']) {
      const answer = await api.ask(path.replace('ID', id), { method });
      expect(answer).toMatchObject({ status: 404, body: { code: 'post_not_found' } });
    }
    expect((await api.ask(path.replace('ID', 'x'.repeat(300)), { method })).status).toBe(404);
  });
});

describe('the list', () => {
  test('has every post once, newest first, page by page, by account and by status', async ({ expect }) => {
    const mine: string[] = [];
    for (let count = 0; count < 5; count++) mine.push(await create());
    const theirs = [await create(OTHER_ACCOUNT), await create(OTHER_ACCOUNT)];
    await change(mine[2] ?? '', { status: 'failed' });

    const listAll = async (query: string): Promise<string[]> => {
      const ids: string[] = [];
      let cursor = '';
      do {
        const { status, body } = await api.ask(`/v1/posts?limit=2${query}${cursor}`);
        expect(status).toBe(200);
        expect(body.posts.length).toBeLessThanOrEqual(2);
        ids.push(...body.posts.map(({ id }: { id: string }) => id));
        cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
      } while (cursor !== '');
      return ids;
    };
    expect((await listAll('')).toSorted()).toEqual([...mine, ...theirs].sort());
    expect(await listAll(`&account=${ACCOUNT}`)).toEqual(mine.toSorted().toReversed());
    expect(await listAll('&account=@globex')).toEqual(theirs.toSorted().toReversed());
    expect(await listAll('&status=failed')).toEqual([mine[2]]);
    expect(await listAll(`&status=failed&account=${OTHER_ACCOUNT}`)).toEqual([]);
  });

  test.for([
    ['limit=0', 'limit', 'out_of_range'],
    ['limit=101', 'limit', 'out_of_range'],
    ['limit=many', 'limit', 'wrong_type'],
    ['status=done', 'status', 'invalid_value'],
    ['account=@nobody', 'account', 'unknown_account'],
    ['cursor=nonsense', 'cursor', 'invalid_format'],
    ['page=2', 'page', 'unknown_field'],
  ] as const)('refuses %s', async ([query, path, code], { expect }) => {
    const answer = await api.ask(`/v1/posts?${query}`);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ path, code }] },
    });
  });
});

describe('canceling', () => {
  test('stops a post for good, and again changes nothing', async ({ expect }) => {
    const id = await create();
    const first = await api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' });
    expect(first).toMatchObject({ status: 200, body: { id, status: 'canceled', revision: 2 } });
    const second = await api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' });
    expect(second).toEqual({ ...first, headers: expect.anything() });
    expect((await api.store.posts.events(id, null)).map(({ event }) => event.type)).toEqual([
      'post.scheduled',
      'post.canceled',
    ]);
  });

  test('takes a body, as clients that always send one do', async ({ expect }) => {
    expect((await api.ask(`/v1/posts/${await create()}/cancel`, { method: 'POST', body: {} })).status).toBe(
      200,
    );
    expect((await api.ask(`/v1/posts/${await create()}/cancel`, { method: 'POST', body: '' })).status).toBe(
      200,
    );
  });

  test.for(['publishing', 'published', 'failed', 'missed', 'unconfirmed'] as const)(
    'is too late for a post that is %s',
    async (status, { expect }) => {
      const id = await create();
      await change(id, { status });
      const answer = await api.ask(`/v1/posts/${id}/cancel`, { method: 'POST' });
      expect(answer).toMatchObject({ status: 409, body: { code: 'too_late' } });
      expect(answer.body.detail).toContain(status);
      expect((await api.ask(`/v1/posts/${id}`)).body.status).toBe(status);
    },
  );
});

test('accounts are listed without their credentials', async ({ expect }) => {
  const answer = await api.ask('/v1/accounts');
  expect(answer.body).toMatchObject({
    accounts: [
      { id: ACCOUNT, username: 'acme' },
      { id: OTHER_ACCOUNT, username: 'Globex' },
    ],
    nextCursor: null,
  });
  expect(JSON.stringify(answer.body)).not.toContain('token-of-');
});
