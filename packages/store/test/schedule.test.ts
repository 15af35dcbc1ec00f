import { cancelPost } from '@slipway/pipeline/core';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { keysOf } from '../src/keys.ts';
import { newPostId } from '../src/index.ts';
import { ACCOUNT, FAR_FUTURE, type Rig, postRequest, published, startRig, takeInHand } from './rig.ts';

const HOUR = 3_600_000;
const keys = keysOf(0);
const index = keys.schedule(ACCOUNT);

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

const slots = (count: number): number[] => Array.from({ length: count }, (_, at) => FAR_FUTURE + at * HOUR);
const dueAt = (publishAt: number) => postRequest({ publishAt });
const scores = async (): Promise<Record<string, number>> => {
  const entries = await rig.redis.zrange(index, '0', '-1', 'WITHSCORES');
  return Object.fromEntries(
    entries.flatMap((id, at) => (at % 2 === 0 ? [[id, Number(entries[at + 1])]] : [])),
  );
};

describe('the schedule of an account', () => {
  test('gives posts that are due at one instant places, one after the other', async ({ expect }) => {
    const store = rig.store();
    const due = async (publishAt: number): Promise<string> => {
      const request = postRequest({ publishAt });
      await store.posts.create(request, { startAt: FAR_FUTURE });
      return request.id;
    };
    await due(FAR_FUTURE - 1);
    const ids = [await due(FAR_FUTURE), await due(FAR_FUTURE), await due(FAR_FUTURE)];
    const placeOf = (postId: string, publishAt = FAR_FUTURE) =>
      store.schedule.placeOf(ACCOUNT, { postId, publishAt });
    expect(await Promise.all(ids.map((id) => placeOf(id)))).toEqual([0, 1, 2]);
    expect(await placeOf(await due(FAR_FUTURE + 1), FAR_FUTURE + 1)).toBe(0);
    expect(await placeOf('post_that_is_not_there')).toBe(0);
  });

  test('has a post until it is over without having been published', async ({ expect }) => {
    const { posts } = rig.store();
    const [one, two] = [dueAt(FAR_FUTURE), dueAt(FAR_FUTURE + 1)];
    for (const each of [one, two]) await posts.create(each, { startAt: FAR_FUTURE });
    expect(await scores()).toEqual({ [one.id]: FAR_FUTURE, [two.id]: FAR_FUTURE + 1 });
    await posts.change(one.id, (record) => cancelPost(record, 5));
    expect(await scores()).toEqual({ [two.id]: FAR_FUTURE + 1 });

    const request = dueAt(FAR_FUTURE + 2);
    const { post } = await takeInHand(rig, { request });
    await post.save(published(post.state), []);
    expect(await scores()).toEqual({ [two.id]: FAR_FUTURE + 1, [request.id]: FAR_FUTURE + 2 });
  });

  test('follows a post that is moved, whose worker finds it gone', async ({ expect }) => {
    const { posts } = rig.store();
    const { id, wake, post } = await takeInHand(rig, { request: dueAt(FAR_FUTURE) });
    const moved = { ...post.request, text: 'new', publishAt: FAR_FUTURE + HOUR };
    const outcome = await posts.change(id, ({ state }) => ({
      request: moved,
      state,
      events: [],
      startAt: FAR_FUTURE,
    }));
    expect(outcome?.record.request).toEqual(moved);
    expect((await posts.get(id))?.request).toEqual(moved);
    expect(await scores()).toEqual({ [id]: FAR_FUTURE + HOUR });
    expect(await rig.redis.zscore(keys.backlog + ACCOUNT, id)).toBe(String(FAR_FUTURE));
    expect(await post.save(post.state, [])).toBe('lost');
    expect((await posts.get(id))?.request).toEqual(moved);
    // The job for its former time comes, and is void.
    expect(await rig.worker().claim(id, wake)).toEqual({ refused: 'superseded' });
  });

  test('forgets what was due more than a day ago, a few at a time', async ({ expect }) => {
    const { posts } = rig.store();
    await rig.redis.zadd(index, ...Array.from({ length: 30 }, (_, at) => [at + 1, `old-${at}`]).flat());
    for (const left of [11, 2, 3]) {
      await posts.create(dueAt(FAR_FUTURE), { startAt: FAR_FUTURE });
      expect(await rig.redis.zcard(index)).toBe(left);
    }
  });

  test('knows the posts that are due near an instant, and not the one that asks', async ({ expect }) => {
    const { posts, schedule } = rig.store();
    const times = [-HOUR, -HOUR + 1, 0, HOUR - 1, HOUR].map((offset) => dueAt(FAR_FUTURE + offset));
    for (const each of times) await posts.create(each, { startAt: FAR_FUTURE });
    await rig.redis.zadd(index, FAR_FUTURE, 'post_never_made');
    const near = (postId: string, withinMs: number) =>
      schedule.near(ACCOUNT, { postId, publishAt: FAR_FUTURE, withinMs });
    const ids = (await near(times[2]?.id ?? '', HOUR)).map(({ postId }) => postId);
    expect(ids).toEqual([times[1]?.id, times[3]?.id]);
    expect(await near('', 1)).toEqual([{ postId: times[2]?.id, publishAt: FAR_FUTURE }]);
    expect(await near('', 0)).toEqual([]);
  });
});

describe('slots', () => {
  test('are given to fifty concurrent callers one each, in order, without a gap', async ({ expect }) => {
    const callers = Array.from({ length: 50 }, (_, at) => newPostId(ACCOUNT, at));
    const stores = [rig.store(), rig.store(), rig.store()];
    const taken = await Promise.all(
      callers.map(async (id, at) => {
        const store = stores[at % stores.length];
        const slot = await store?.schedule.takeSlot(ACCOUNT, id, slots(60));
        await store?.posts.create({ ...dueAt(slot ?? 0), id }, { startAt: FAR_FUTURE });
        return slot;
      }),
    );
    expect(taken.toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(slots(50));
  });

  test('that a post has by hand are taken, those of canceled and moved posts are free', async ({
    expect,
  }) => {
    const { posts, schedule } = rig.store();
    const [one = 0, two = 0, three = 0, four = 0] = slots(4);
    const [first, second, third] = [dueAt(one), dueAt(two), dueAt(three)];
    for (const each of [first, second, third]) await posts.create(each, { startAt: FAR_FUTURE });
    expect(await schedule.takeSlot(ACCOUNT, newPostId(ACCOUNT, 1), slots(4))).toBe(four);
    await posts.change(second.id, (record) => cancelPost(record, 5));
    expect(await schedule.takeSlot(ACCOUNT, newPostId(ACCOUNT, 2), slots(4))).toBe(two);
    await posts.change(first.id, ({ request, state }) => ({
      request: { ...request, publishAt: FAR_FUTURE - HOUR },
      state,
      events: [],
      startAt: FAR_FUTURE,
    }));
    expect(await schedule.takeSlot(ACCOUNT, newPostId(ACCOUNT, 3), slots(4))).toBe(one);
    expect(await schedule.takeSlot(ACCOUNT, newPostId(ACCOUNT, 4), slots(4))).toBeNull();
  });

  test('that were claimed for a post that was never made are free after a minute, or when given back', async ({
    expect,
  }) => {
    const { schedule } = rig.store();
    const [one = 0, two = 0] = slots(2);
    const lost = newPostId(ACCOUNT, 1);
    expect(await schedule.takeSlot(ACCOUNT, lost, slots(9))).toBe(one);
    expect(await rig.redis.pttl(keys.claim + lost)).toBeGreaterThan(50_000);
    expect(await rig.redis.pttl(keys.claim + lost)).toBeLessThanOrEqual(60_000);
    const given = newPostId(ACCOUNT, 2);
    expect(await schedule.takeSlot(ACCOUNT, given, slots(9))).toBe(two);
    await schedule.giveBack(ACCOUNT, given, null);
    expect(await schedule.takeSlot(ACCOUNT, newPostId(ACCOUNT, 3), slots(9))).toBe(two);

    await rig.redis.pexpire(keys.claim + lost, 0); // the minute has passed
    expect(await schedule.takeSlot(ACCOUNT, newPostId(ACCOUNT, 4), slots(9))).toBe(one);
    expect(await rig.redis.zscore(index, lost)).toBeNull();
  });

  test('are found beyond the first page of instants, by one who has one already as well', async ({
    expect,
  }) => {
    const { posts, schedule } = rig.store();
    await Promise.all(slots(250).map((at) => posts.create(dueAt(at), { startAt: FAR_FUTURE })));
    const id = newPostId(ACCOUNT, 1);
    const last = slots(251).at(-1);
    expect(await schedule.takeSlot(ACCOUNT, id, slots(300))).toBe(last);
    expect(await schedule.takeSlot(ACCOUNT, id, slots(300))).toBe(last);
  });
});

describe('paces', () => {
  test('are averages that follow what was measured lately', async ({ expect }) => {
    const { paces } = rig.store();
    const id = newPostId(ACCOUNT, 1);
    expect(await rig.store().paces.read(ACCOUNT)).toMatchObject({ tweet_video: { bytesPerSecond: null } });
    paces.record(id, 'tweet_video', { bytesPerSecond: 1_000_000 });
    paces.record(id, 'tweet_video', { bytesPerSecond: 500_000, processingMs: 30_000.4 });
    paces.record(id, 'tweet_image', { bytesPerSecond: 0.2 });
    await rig.redis.ping(); // they went out before it, over the same connection
    expect(await rig.store().paces.read(ACCOUNT)).toMatchObject({
      tweet_video: { bytesPerSecond: 900_000, processingMs: 30_000 },
      tweet_image: { bytesPerSecond: null, processingMs: null },
      tweet_gif: { bytesPerSecond: null, processingMs: null },
    });
    for (let times = 0; times < 30; times++) paces.record(id, 'tweet_video', { bytesPerSecond: 100 });
    await rig.redis.ping();
    const now = (await rig.store().paces.read(ACCOUNT)).tweet_video?.bytesPerSecond ?? 0;
    expect(now).toBeLessThan(2_000);
  });
});
