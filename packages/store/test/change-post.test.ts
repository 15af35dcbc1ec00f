import { cancelPost } from '@slipway/pipeline/core';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { keysOf } from '../src/keys.ts';
import { startAnswerThief } from './answer-thief.ts';
import { ACCOUNT, type Rig, postRequest, published, staging, startRig, takeInHand } from './rig.ts';

let rig: Rig;
const keys = keysOf(0);
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

describe('a change from outside', () => {
  test('takes the post from its worker, whose next save is refused', async ({ expect }) => {
    const { id, post } = await takeInHand(rig);
    await post.save(staging(post.state), []);
    const result = await rig.store().posts.change(id, (record) => {
      expect(record).toMatchObject({ heldBy: 'worker-a', fence: post.fence, rev: 2 });
      return { state: { ...record.state, abandoned: 7 }, events: [] };
    });
    expect(result).toMatchObject({
      changed: true,
      record: { heldBy: null, rev: 3, state: { abandoned: 7 } },
    });
    expect(await rig.store().posts.get(id)).toEqual(result?.record);
    expect(result?.record.fence).toBeGreaterThan(post.fence);
    // Somebody has to look at it again: it is due anew.
    expect(await rig.redis.zscore(keys.admitted, id)).toBeNull();
    expect(await rig.admissions().admit(10)).toMatchObject([{ postId: id }]);

    const before = await rig.dump();
    expect(await post.save(published(post.state), [])).toBe('lost');
    expect(await rig.dump()).toEqual(before);
    expect(await rig.worker().renew([post])).toEqual([post]);
  });

  test('that ends the post takes it out of backlog and hand-off', async ({ expect }) => {
    const waiting = postRequest();
    const { posts } = rig.store();
    await posts.create(waiting, { startAt: 0 });
    const { id } = await takeInHand(rig, { request: postRequest() });
    for (const each of [waiting.id, id]) {
      expect(await posts.change(each, (record) => cancelPost(record, 5))).toMatchObject({
        changed: true,
        record: { state: { status: 'canceled' } },
      });
      expect((await posts.events(each, null)).at(-1)?.event).toEqual({
        type: 'post.canceled',
        at: 5,
        data: {},
      });
    }
    expect(await rig.redis.zcard(keys.backlog + ACCOUNT)).toBe(0);
    expect(await rig.redis.zcard(keys.admitted)).toBe(0);
    expect(await rig.redis.zcard(keys.ofStatus('canceled'))).toBe(2);
    expect(await rig.redis.zcard(keys.ofStatus('scheduled'))).toBe(0);
  });

  test('is made again from the newer record when somebody saved in between', async ({ expect }) => {
    const { id } = await takeInHand(rig);
    const { posts } = rig.store();
    const seen: number[] = [];
    await Promise.all(
      Array.from({ length: 8 }, () =>
        posts.change(id, ({ rev, state }) => {
          seen.push(rev);
          return { state: { ...state, abandoned: state.abandoned + 1 }, events: [] };
        }),
      ),
    );
    expect(await posts.get(id)).toMatchObject({ state: { abandoned: 8 }, rev: 9 });
    expect(seen.length).toBeGreaterThan(8); // they did get in each other's way
  });

  test('of a post that is not there is null, and makes nothing', async ({ expect }) => {
    const { posts } = rig.store();
    const result = await posts.change(postRequest().id, () => {
      throw new Error('there is nothing to decide on');
    });
    expect(result).toBeNull();
    expect(await rig.dump()).toEqual({});
  });

  test('that is not wanted after all writes nothing', async ({ expect }) => {
    const { id } = await takeInHand(rig);
    const before = await rig.dump();
    expect(await rig.store().posts.change(id, () => null)).toMatchObject({
      changed: false,
      record: { heldBy: 'worker-a' },
    });
    expect(await rig.dump()).toEqual(before);
  });

  test('is made once, and known to be made, when the connection breaks before the answer', async ({
    expect,
  }) => {
    const { id } = await takeInHand(rig);
    const thief = await startAnswerThief(rig.server.port);
    const connection = rig.connect('caller', 'api', thief.url);
    await once(connection, 'ready');
    thief.stealAnswerTo('post.canceled');
    const { posts } = rig.store({ redis: connection });
    expect(await posts.change(id, (record) => cancelPost(record, 5))).toMatchObject({
      changed: true,
      record: { rev: 2, state: { status: 'canceled' } },
    });
    expect(thief.stolen).toBe(1);
    expect(await rig.store().posts.events(id, null)).toHaveLength(2);
    connection.disconnect();
    await thief.stop();
  });
});
