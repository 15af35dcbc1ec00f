import { cancelPost } from '@slipway/pipeline/core';
import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { countLatePosts } from '../src/index.ts';
import { keysOf } from '../src/keys.ts';
import { commandsDuring } from './commands.ts';
import { FAR_FUTURE, type Rig, claimed, postRequest, published, startRig } from './rig.ts';

let rig: Rig;
const keys = keysOf(0);
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

const acct = (name: string | number): string => `acct_${String(name).padStart(26, '0')}`;
const [BIG, SMALL, OTHER] = [acct('b'), acct('s'), acct('t')];

/** Posts of an account, due one after the other; their ids. */
async function due(accountId: string, count: number, startAt = 0): Promise<string[]> {
  const { posts } = rig.store();
  const requests = Array.from({ length: count }, () => postRequest({ accountId }));
  for (const [index, request] of requests.entries()) {
    await posts.create(request, { startAt: startAt + index });
  }
  return requests.map(({ id }) => id);
}

/** The accounts of the posts that are handed over, in order. */
async function turns(limit: number, share = 1_000): Promise<string[]> {
  const wakes = await rig.admissions({ share }).admit(limit);
  return Promise.all(
    wakes.map(async ({ postId }) => (await rig.redis.hget(keys.post + postId, 'account')) ?? ''),
  );
}

const setPace = (accountId: string, pace: string) => rig.redis.hset(keys.account + accountId, 'ring', pace);
const inRing = async (accountId: string): Promise<number | null> => {
  const score = await rig.redis.zscore(keys.ring, accountId);
  return score === null ? null : Number(score);
};

describe('the ring', () => {
  test('gives each account one post in turn, however many one of them has', async ({ expect }) => {
    await due(BIG, 6);
    await due(SMALL, 2);
    await due(OTHER, 1);
    expect(await turns(9)).toEqual([BIG, SMALL, OTHER, BIG, SMALL, BIG, BIG, BIG, BIG]);
    expect(await rig.redis.exists(keys.ring)).toBe(0);
  });

  test('puts who was served behind those who were not, from one call to the next', async ({ expect }) => {
    await due(BIG, 5);
    await due(SMALL, 5);
    await due(OTHER, 5);
    const order: string[] = [];
    while (order.length < 12) order.push(...(await turns(2)));
    expect(order).toEqual(Array.from({ length: 4 }, () => [BIG, SMALL, OTHER]).flat());
  });

  test('gives the posts of an account in the order of their starts', async ({ expect }) => {
    const later = await due(BIG, 2, 50);
    const sooner = await due(BIG, 2, 10);
    const wakes = await rig.admissions().admit(10);
    expect(wakes.map(({ postId }) => postId)).toEqual([...sooner, ...later]);
  });

  test('lets an account join whose posts were not due, at their time and no sooner', async ({ expect }) => {
    const startAt = Date.now() + 300;
    await due(BIG, 1, startAt);
    expect(await inRing(BIG)).toBe(startAt);
    expect(await turns(10)).toEqual([]);
    await eventually(async () => (await turns(10)).length > 0);
    expect(Date.now()).toBeGreaterThanOrEqual(startAt);
  });

  test('an account that joins sooner than it was to come is served sooner', async ({ expect }) => {
    await due(BIG, 1, FAR_FUTURE);
    await due(BIG, 1);
    expect(await turns(10)).toEqual([BIG]);
    expect(await inRing(BIG)).toBe(FAR_FUTURE);
  });

  test('gives as many per turn as the account weighs', async ({ expect }) => {
    await setPace(BIG, '3 0 0');
    await due(BIG, 5);
    await due(SMALL, 3);
    expect(await turns(20)).toEqual([BIG, BIG, BIG, SMALL, BIG, BIG, SMALL, SMALL]);
  });

  test('keeps to the pace of the account: a burst, then one per interval', async ({ expect }) => {
    await setPace(BIG, '1 400 3');
    await due(BIG, 6);
    await due(SMALL, 6);
    const startedAt = Date.now();
    const first = await turns(20);
    expect(first.filter((account) => account === BIG)).toHaveLength(3);
    expect(first.filter((account) => account === SMALL)).toHaveLength(6);
    const next = (await inRing(BIG)) ?? 0;
    expect(next).toBeGreaterThanOrEqual(startedAt + 400);
    expect(next).toBeLessThanOrEqual(Date.now() + 400);
    // A new post does not hurry it.
    await due(BIG, 1);
    expect(await turns(20)).toEqual([]);
    expect(await inRing(BIG)).toBe(next);
    expect(await countLatePosts(rig.redis, keys, 0)).toBe(0);
    expect(await eventually(async () => (await turns(20))[0])).toBe(BIG);
    expect(Date.now()).toBeGreaterThanOrEqual(startedAt + 400);
    expect(await rig.redis.pttl(keys.tat + BIG)).toBeGreaterThan(0);
  });
});

describe('the share of an account', () => {
  test('is all that it is given, and it does not come up again until a place is free', async ({ expect }) => {
    await due(BIG, 5);
    await due(SMALL, 1);
    expect(await turns(20, 2)).toEqual([BIG, SMALL, BIG]);
    expect(await inRing(BIG)).toBeNull();
    expect(await rig.redis.scard(keys.busy + BIG)).toBe(2);
    expect(await turns(20, 2)).toEqual([]);
    expect(await countLatePosts(rig.redis, keys, 0)).toBe(0);
  });

  const freed: [string, (id: string) => Promise<unknown>][] = [
    [
      'a post that is over',
      async (id) => {
        const post = await claimed(rig.worker(), id, 1);
        await post.save(published(post.state), []);
      },
    ],
    [
      'a post that waits',
      async (id) => {
        const post = await claimed(rig.worker(), id, 1);
        await post.save(post.state, [], { release: { until: Date.now() + 60_000 } });
      },
    ],
    [
      'a post that its owner has canceled',
      (id) => rig.store().posts.change(id, (record) => cancelPost(record, 1)),
    ],
  ];
  test.for(freed)('is freed by %s, and the next one comes up', async ([, free], { expect }) => {
    const [first = '', , third] = await due(BIG, 4);
    expect(await turns(20, 2)).toHaveLength(2);
    await free(first);
    expect((await rig.admissions({ share: 2 }).admit(20)).map(({ postId }) => postId)).toEqual([third]);
  });

  test('tells the worker that frees a place, once it may be the turn of the account', async ({ expect }) => {
    const [first = '', second = ''] = await due(BIG, 3);
    await turns(20, 2);
    let hurried = 0;
    const worker = rig.worker({ onDue: (partition) => (hurried += partition.partition === 0 ? 1 : 100) });
    const one = await claimed(worker, first, 1);
    await one.save(one.state, []);
    expect(hurried).toBe(0);
    await one.save(published(one.state), []);
    expect(hurried).toBe(1);
    await turns(20, 2);
    const two = await claimed(worker, second, 1);
    await two.save(published(two.state), []);
    expect(hurried).toBe(1); // it has none left
  });

  test('counts a continuation that is in hand, and it may be more than the share', async ({ expect }) => {
    const [first = ''] = await due(BIG, 2);
    expect(await turns(20, 1)).toEqual([BIG]);
    const post = await claimed(rig.worker(), first, 1);
    await post.save(post.state, [], { release: { until: Date.now() } });
    expect(await turns(20, 1)).toEqual([BIG]);
    const again = await claimed(rig.worker(), first, 1);
    expect(await rig.redis.scard(keys.busy + BIG)).toBe(2);
    await due(BIG, 1);
    expect(await turns(20, 2)).toEqual([]);
    await again.save(published(again.state), []);
    expect(await turns(20, 2)).toEqual([BIG]);
  });

  test('is given back where nobody has the post any more', async ({ expect }) => {
    await due(BIG, 2);
    await rig.redis.sadd(keys.busy + BIG, 'post_gone');
    expect(await turns(20, 1)).toEqual([]);
    expect(await inRing(BIG)).toBeNull();
    expect(await rig.admissions().sweep(null, 100)).toMatchObject({ found: [] });
    expect(await rig.redis.scard(keys.busy + BIG)).toBe(0);
    expect(await turns(20, 1)).toEqual([BIG]);
  });

  test('is freed by a record that is over and was still handed over', async ({ expect }) => {
    const [id = ''] = await due(BIG, 2);
    await turns(1, 1);
    await rig.redis.hset(keys.post + id, 'over', '1');
    await rig.redis.zadd(keys.admitted, 1, id);
    expect(await rig.admissions().overdue(10)).toEqual([]);
    expect(await rig.redis.scard(keys.busy + BIG)).toBe(0);
  });
});

test('an account with posts that has fallen out of the ring comes back into it', async ({ expect }) => {
  await due(BIG, 2);
  await due(SMALL, 1, FAR_FUTURE);
  await rig.redis.del(keys.ring);
  expect(await turns(20)).toEqual([]);
  expect(await rig.admissions().sweep(null, 100)).toMatchObject({ found: [] });
  expect(await inRing(SMALL)).toBe(FAR_FUTURE);
  expect(await turns(20)).toEqual([BIG, BIG]);
});

test('a round costs the same however many accounts have nothing due', async ({ expect }) => {
  const round = () => commandsDuring(rig, () => rig.admissions().admit(100), { inScripts: true });
  await due(BIG, 1, FAR_FUTURE);
  await round(); // from here on the script is known there
  const before = await round();
  for (let first = 0; first < 10_000; first += 1_000) {
    const scores = Array.from({ length: 1_000 }, (_, index) => [FAR_FUTURE + index, acct(first + index)]);
    await rig.redis.zadd(keys.ring, ...scores.flat());
  }
  expect(await rig.redis.zcard(keys.ring)).toBe(10_001);
  expect(await round()).toEqual(before);
});
