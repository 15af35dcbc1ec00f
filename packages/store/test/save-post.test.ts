import type { PostState } from '@slipway/pipeline/core';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { HeldSave } from '../src/index.ts';
import { keysOf } from '../src/keys.ts';
import { startAnswerThief } from './answer-thief.ts';
import { commandsDuring } from './commands.ts';
import {
  ACCOUNT,
  GRACE_MS,
  LEASE_MS,
  type Rig,
  claimed,
  moved,
  postRequest,
  published,
  staging,
  startRig,
  takeInHand,
} from './rig.ts';

let rig: Rig;
const keys = keysOf(0);
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

const redisNow = async (): Promise<number> => {
  const [seconds = 0, micros = 0] = (await rig.redis.time()).map(Number);
  return seconds * 1000 + Math.floor(micros / 1000);
};
const lookedAtBy = async (id: string): Promise<number> => Number(await rig.redis.zscore(keys.admitted, id));

describe('a save', () => {
  test('writes the state, raises the revision, and renews the lease', async ({ expect }) => {
    const { id, post } = await takeInHand(rig);
    await rig.redis.zadd(keys.admitted, 1, id);
    const before = await redisNow();
    expect(await post.save(staging(post.state), [])).toBe('saved');
    expect(await rig.store().posts.get(id)).toMatchObject({
      state: { status: 'staging' },
      rev: 2,
      fence: post.fence,
      heldBy: 'worker-a',
    });
    const lease = await lookedAtBy(id);
    expect(lease).toBeGreaterThanOrEqual(before + LEASE_MS);
    expect(lease).toBeLessThanOrEqual((await redisNow()) + LEASE_MS);
    expect(await post.save(staging(post.state), [])).toBe('saved');
    expect(await rig.store().posts.get(id)).toMatchObject({ rev: 3 });
  });

  test('is one write to Redis', async ({ expect }) => {
    const { post } = await takeInHand(rig);
    await post.save(post.state, []); // from here on the script is known there
    const commands = await commandsDuring(rig, () =>
      post.save(staging(post.state), [moved('post.staging'), moved('post.staged')]),
    );
    expect(commands).toEqual(['evalsha']);
  });

  test('moves the post to the index of its new status', async ({ expect }) => {
    const { id, post } = await takeInHand(rig);
    const indexes = async () => ({
      scheduled: await rig.redis.zrange(keys.ofStatus('scheduled'), '0', '-1'),
      staging: await rig.redis.zrange(keys.ofStatus('staging'), '0', '-1'),
    });
    expect(await indexes()).toEqual({ scheduled: [id], staging: [] });
    await post.save({ ...post.state, abandoned: 1 }, []);
    expect(await indexes()).toEqual({ scheduled: [id], staging: [] });
    await post.save(staging(post.state), []);
    expect(await indexes()).toEqual({ scheduled: [], staging: [id] });
    await post.save(post.state, []);
    expect(await indexes()).toEqual({ scheduled: [id], staging: [] });
  });

  test('appends its events in order to the stream of all and to its own list, under the same ids', async ({
    expect,
  }) => {
    const { id, post } = await takeInHand(rig);
    const another = await takeInHand(rig);
    // As after the clock went back: ids sort by their numbers, not by the clock, nor as text.
    await rig.redis.xadd(keys.events, '9999999999999-8', 'p', 'post_x', 'e', 'null');
    await post.save(post.state, [moved('post.staging', 1), moved('post.staged', 2)]);
    await another.post.save(another.post.state, [moved('post.staging', 3)]);
    await post.save(post.state, [moved('post.staging', 4)]);

    const ofAll = await rig.redis.xrange(keys.events, '-', '+');
    const mine = ofAll.flatMap(([eventId, [, postId, , event]]) =>
      postId === id ? [`${eventId} ${event}`] : [],
    );
    expect(await rig.redis.lrange(keys.eventsOf(id), 0, -1)).toEqual(mine);
    const events = await rig.store().posts.events(id, null);
    expect(events.map(({ event }) => event.at)).toEqual([expect.any(Number), 1, 2, 4]);
    expect(events.map((event) => event.id)).toEqual(mine.map((entry) => entry.split(' ')[0]));
    expect(await rig.store().posts.events(id, events[1]?.id ?? '')).toEqual(events.slice(2));
  });

  test('under an older fence is refused and writes nothing at all', async ({ expect }) => {
    const { id, wake, post } = await takeInHand(rig);
    const second = await claimed(rig.worker({ holder: 'worker-b' }), id, wake);
    const before = await rig.dump();
    expect(await post.save(staging(post.state), [moved('post.staging')])).toBe('lost');
    expect(await post.save(published(post.state), [moved('post.published')])).toBe('lost');
    expect(await post.save(post.state, [], { release: { until: 1 } })).toBe('lost');
    expect(await rig.dump()).toEqual(before);
    expect(await second.save(staging(second.state), [])).toBe('saved');
  });

  test('from another revision is refused and writes nothing at all', async ({ expect }) => {
    const { id, post } = await takeInHand(rig);
    await rig.redis.hincrby(keys.post + id, 'rev', 1);
    const before = await rig.dump();
    expect(await post.save(staging(post.state), [moved('post.staging')])).toBe('lost');
    expect(await rig.dump()).toEqual(before);
  });

  test('of a record that is gone is refused and writes nothing at all', async ({ expect }) => {
    const { id, post } = await takeInHand(rig);
    await rig.redis.del(keys.post + id);
    const before = await rig.dump();
    expect(await post.save(published(post.state), [moved('post.published')])).toBe('lost');
    expect(await rig.dump()).toEqual(before);
  });

  test('that gives the post back lets it rest until its wait ends, and some grace', async ({ expect }) => {
    const { id, wake, post } = await takeInHand(rig);
    const until = (await redisNow()) + 3_600_000;
    expect(await post.save(staging(post.state), [], { release: { until } })).toBe('saved');
    expect(await lookedAtBy(id)).toBe(until + GRACE_MS);
    expect(await rig.store().posts.get(id)).toMatchObject({ heldBy: null, fence: post.fence });
    expect(await claimed(rig.worker({ holder: 'worker-b' }), id, wake)).toMatchObject({
      abandoned: false,
      state: { status: 'staging' },
    });
  });

  test('that ends the post takes it out of backlog and hand-off, for good', async ({ expect }) => {
    const { id, wake, post } = await takeInHand(rig);
    await rig.redis.zadd(keys.backlog + ACCOUNT, 1, id);
    expect(await post.save(published(post.state), [moved('post.published')])).toBe('saved');
    expect(await rig.redis.zscore(keys.backlog + ACCOUNT, id)).toBeNull();
    expect(await rig.redis.zscore(keys.admitted, id)).toBeNull();
    expect(await rig.store().posts.get(id)).toMatchObject({ state: { status: 'published' }, heldBy: null });
    expect(await rig.worker().claim(id, wake)).toEqual({ refused: 'over' });
    const before = await rig.dump();
    expect(await post.save(staging(post.state), [])).toBe('lost');
    expect(await rig.dump()).toEqual(before);
  });
});

describe('a save whose answer is lost with the connection', () => {
  const until = Date.parse('2100-01-01T00:00:00Z');
  const ways: [string, (state: PostState) => PostState, HeldSave, (id: string) => Promise<boolean>][] = [
    ['keeps the post in hand', staging, {}, async (id) => (await lookedAtBy(id)) < until],
    [
      'gives it back',
      staging,
      { release: { until } },
      async (id) => (await lookedAtBy(id)) === until + GRACE_MS,
    ],
    ['ends it', published, {}, async (id) => (await lookedAtBy(id)) === 0],
  ];
  test.for(ways)('%s, once, and is known to have done so', async ([, next, how, isDone], { expect }) => {
    const thief = await startAnswerThief(rig.server.port);
    const connection = rig.connect('worker', 'store', thief.url);
    await once(connection, 'ready');
    const { id, wake } = await takeInHand(rig, { request: postRequest({ text: 'between' }) });
    const post = await claimed(rig.worker({ redis: connection }), id, wake);
    const events = [moved('post.staging')];
    await post.save(post.state, []);
    const { rev = 0 } = (await rig.store().posts.get(id)) ?? {};

    thief.stealAnswerTo('"type":"post.staging"');
    expect(await post.save(next(post.state), events, how)).toBe('saved');
    expect(thief.stolen).toBe(1);
    expect(await rig.store().posts.get(id)).toMatchObject({ rev: rev + 1, state: next(post.state) });
    expect(await rig.store().posts.events(id, null)).toHaveLength(2);
    expect(await isDone(id)).toBe(true);
    connection.disconnect();
    await thief.stop();
  });
});

describe('renewing', () => {
  test('extends the leases of those in hand and tells the lost ones', async ({ expect }) => {
    const [kept, lost] = [await takeInHand(rig), await takeInHand(rig)];
    const worker = rig.worker();
    const again = await claimed(rig.worker({ holder: 'worker-b' }), lost.id, lost.wake);
    const leaseOfOther = await lookedAtBy(lost.id);
    await rig.redis.zadd(keys.admitted, 1, kept.id);
    expect(await worker.renew([kept.post, lost.post])).toEqual([lost.post]);
    expect(await lookedAtBy(kept.id)).toBeGreaterThan(1);
    expect(await lookedAtBy(lost.id)).toBe(leaseOfOther);
    expect(await worker.renew([])).toEqual([]);
    expect(await worker.renew([again])).toEqual([]);
  });

  test('tells the first hold of a post from the second one of the same worker', async ({ expect }) => {
    const { id, wake, post } = await takeInHand(rig);
    const second = await claimed(rig.worker(), id, wake);
    expect(await rig.worker().renew([post, second])).toEqual([post]);
  });

  test('leaves a post alone that was given back, and one that is over', async ({ expect }) => {
    const [back, over] = [await takeInHand(rig), await takeInHand(rig)];
    const until = (await redisNow()) + 3_600_000;
    await back.post.save(back.post.state, [], { release: { until } });
    await over.post.save(published(over.post.state), []);
    expect(await rig.worker().renew([back.post, over.post])).toEqual([over.post]);
    expect(await lookedAtBy(back.id)).toBe(until + GRACE_MS);
    expect(await rig.redis.zscore(keys.admitted, over.id)).toBeNull();
  });

  test('finds each post in its partition', async ({ expect }) => {
    const store = rig.store({ partitions: 3 });
    const worker = rig.worker({ partitions: 3 });
    const requests = ['acct_0', 'acct_1', 'acct_2', 'acct_3', 'acct_4'].map((accountId) =>
      postRequest({ accountId }),
    );
    const held = [];
    for (const request of requests) {
      await store.posts.create(request, { startAt: 0 });
      held.push(await claimed(worker, request.id, 0));
    }
    const [, taken] = held;
    if (!taken) throw new Error('there is a second one');
    await claimed(worker, taken.id, 0);
    expect(await worker.renew(held)).toEqual([taken]);
  });
});
