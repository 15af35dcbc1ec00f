import { type Status, cancelPost } from '@slipway/pipeline/core';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { type ListQuery, type PostStore, slotOfAccount } from '../src/index.ts';
import { type Rig, postRequest, startRig } from './rig.ts';

const OTHER = 'acct_01hyyyyyyyyyyyyyyyyyyyyyyy';
const THIRD = 'acct_01hxxxxxxxxxxxxxxxxxxxxxxx';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

async function fill(posts: PostStore, count: number, accountIds: string[]): Promise<string[]> {
  const requests = Array.from({ length: count }, (_, index) => {
    const accountId = accountIds[index % accountIds.length];
    return postRequest(accountId === undefined ? {} : { accountId });
  });
  await Promise.all(requests.map((request) => posts.create(request, { startAt: 0 })));
  return requests.map(({ id }) => id).toReversed();
}

const cancel = (posts: PostStore, id: string) => posts.change(id, (record) => cancelPost(record, 1));

type Filter = Omit<ListQuery, 'cursor' | 'limit'>;

/** Every page until the last, with something happening after each. */
async function walk(
  posts: PostStore,
  limit: number,
  filter: Filter = {},
  between: (page: string[]) => Promise<unknown> = async () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const page = await posts.list({ ...filter, limit, cursor });
    const ids = page.posts.map(({ request }) => request.id);
    pages.push(ids);
    await between(ids);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

describe('a list of posts', () => {
  test('is newest first, in pages of the limit, and says where it ends', async ({ expect }) => {
    const { posts } = rig.store();
    const ids = await fill(posts, 7, []);
    expect(await walk(posts, 3)).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
    expect(await walk(posts, 7)).toEqual([ids]);
    expect(await walk(posts, 100)).toEqual([ids]);
    await rig.redis.flushall();
    expect(await walk(posts, 3)).toEqual([[]]);
  });

  test('stays right while posts are added and change between its pages', async ({ expect }) => {
    const { posts } = rig.store();
    const ids = await fill(posts, 25, []);
    const pages = await walk(posts, 4, {}, async (page) => {
      await fill(posts, 3, []);
      for (const id of page.slice(0, 2)) await cancel(posts, id);
    });
    expect(pages.flat()).toEqual(ids);
  });

  test('is of one account, of one status, or of both', async ({ expect }) => {
    const { posts } = rig.store();
    const ids = await fill(posts, 12, [OTHER, THIRD]);
    const accountOf = new Map<string, string>();
    for (const id of ids) accountOf.set(id, (await posts.get(id))?.request.accountId ?? '');
    const canceled = ids.filter((_, index) => index % 3 === 0);
    for (const id of canceled) await cancel(posts, id);

    const of = (accountId?: string, status?: Status) =>
      ids.filter(
        (id) =>
          (accountId === undefined || accountOf.get(id) === accountId) &&
          (status === undefined || canceled.includes(id) === (status === 'canceled')),
      );
    for (const limit of [1, 2, 5, 6, 100]) {
      expect((await walk(posts, limit, { accountId: OTHER })).flat()).toEqual(of(OTHER));
      expect((await walk(posts, limit, { status: 'canceled' })).flat()).toEqual(of(undefined, 'canceled'));
      expect((await walk(posts, limit, { accountId: THIRD, status: 'scheduled' })).flat()).toEqual(
        of(THIRD, 'scheduled'),
      );
    }
    expect(await walk(posts, 5, { status: 'published' })).toEqual([[]]);
  });

  test('of a status shows a post that leaves it between two pages at most once', async ({ expect }) => {
    const { posts } = rig.store();
    const ids = await fill(posts, 10, []);
    const pages = await walk(posts, 3, { status: 'scheduled' }, async () => {
      // One that was shown, and one that would be on the next page.
      for (const id of [ids[0], ids[4]]) if (id !== undefined) await cancel(posts, id);
    });
    expect(pages.flat()).toEqual(ids.filter((id) => id !== ids[4]));
  });

  test('of both filters reaches the few that match behind the many that do not', async ({ expect }) => {
    const { posts } = rig.store();
    const ids = await fill(posts, 2_500, [OTHER]);
    const oldest = ids.slice(-2);
    for (const id of oldest) await cancel(posts, id);
    const pages = await walk(posts, 10, { accountId: OTHER, status: 'canceled' });
    expect(pages.flat()).toEqual(oldest);
    // One page looks at a bounded number of records, and an empty page with a cursor is not the end.
    expect(pages[0]).toEqual([]);
  });

  test('is merged in order from several partitions', async ({ expect }) => {
    const { posts } = rig.store({ partitions: 3 });
    const accounts = [0, 1, 2].map((partition) => {
      const id = Array.from({ length: 50 }, (_, index) => `acct_${index}`).find(
        (each) => slotOfAccount(each) % 3 === partition,
      );
      if (id === undefined) throw new Error(`no account for partition ${partition}`);
      return id;
    });
    const ids = await fill(posts, 20, accounts);
    const names = await rig.redis.keys('*:posts');
    expect(names.sort()).toEqual(['{slipway:0}:posts', '{slipway:1}:posts', '{slipway:2}:posts']);
    for (const limit of [1, 6, 20]) {
      expect((await walk(posts, limit)).flat()).toEqual(ids);
      expect((await walk(posts, limit, { status: 'scheduled' })).flat()).toEqual(ids);
    }
    const [first = ''] = accounts;
    const ofFirst = ids.filter((_, index) => (19 - index) % 3 === 0);
    expect((await walk(posts, 2, { accountId: first })).flat()).toEqual(ofFirst);
  });
});
