import { once } from 'node:events';
import { startAnswerThief } from './answer-thief.ts';
import { cancelPost } from '@slipway/pipeline/core';
import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { Admitted, Wake } from '../src/index.ts';
import { keysOf } from '../src/keys.ts';
import { ACCOUNT, FAR_FUTURE, LEASE_MS, type Rig, claimed, postRequest, startRig } from './rig.ts';

let rig: Rig;
const keys = keysOf(0);
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

async function due(count: number): Promise<string[]> {
  const { posts } = rig.store();
  const requests = Array.from({ length: count }, () => postRequest());
  await Promise.all(requests.map((request, index) => posts.create(request, { startAt: index })));
  return requests.map(({ id }) => id);
}

/** An admitted post whose lease has run out. */
async function forgotten(): Promise<Admitted> {
  await due(1);
  const [wake] = await rig.admissions().admit(1);
  if (!wake) throw new Error('nothing was due');
  await runOut(wake.postId);
  return { ...wake, lookAt: 1 };
}

const runOut = (id: string) => rig.redis.zadd(keys.admitted, 'XX', 1, id);

describe('admitting', () => {
  test('hands over what is due, in its order, up to the limit, and nothing that is not', async ({
    expect,
  }) => {
    const ids = await due(5);
    await rig.store().posts.create(postRequest(), { startAt: FAR_FUTURE });
    const admissions = rig.admissions();
    const first = await admissions.admit(3);
    expect(first).toEqual(ids.slice(0, 3).map((postId) => ({ postId, wake: 1 })));
    expect(await admissions.admit(100)).toEqual(ids.slice(3).map((postId) => ({ postId, wake: 1 })));
    expect(await admissions.admit(100)).toEqual([]);
    expect(await rig.redis.zcard(keys.backlog + ACCOUNT)).toBe(1);
  });

  test('puts each under a lease', async ({ expect }) => {
    await due(1);
    const before = Date.now();
    const [wake] = await rig.admissions({ leaseMs: LEASE_MS }).admit(1);
    const lease = Number(await rig.redis.zscore(keys.admitted, wake?.postId ?? ''));
    expect(lease).toBeGreaterThanOrEqual(before + LEASE_MS);
    expect(lease).toBeLessThanOrEqual(Date.now() + LEASE_MS);
    expect(await rig.admissions().overdue(10)).toEqual([]);
  });

  test('gives each post to one of several that admit at once', async ({ expect }) => {
    const ids = await due(200);
    const admitters = [0, 1, 2, 3].map((index) =>
      rig.admissions({ redis: rig.connect('worker', `admitter-${index}`) }),
    );
    const taken = await Promise.all(
      admitters.map(async (admissions) => {
        const wakes: Wake[] = [];
        for (let some = await admissions.admit(7); some.length > 0; some = await admissions.admit(7)) {
          wakes.push(...some);
        }
        return wakes;
      }),
    );
    expect(
      taken
        .flat()
        .map(({ postId }) => postId)
        .sort(),
    ).toEqual(ids);
    expect(taken.filter((wakes) => wakes.length > 0).length).toBeGreaterThan(1);
  });

  test('drops from the backlog what has no record', async ({ expect }) => {
    const [id = ''] = await due(1);
    await rig.redis.del(keys.post + id);
    expect(await rig.admissions().admit(10)).toEqual([]);
    expect(await rig.redis.zcard(keys.backlog + ACCOUNT)).toBe(0);
    expect(await rig.redis.exists(keys.post + id, keys.admitted)).toBe(0);
  });
});

describe('what nobody has looked at in time', () => {
  test('is overdue when its lease has run out', async ({ expect }) => {
    await due(1);
    const admissions = rig.admissions({ leaseMs: 1 });
    const wakes = await admissions.admit(1);
    await eventually(async () => (await admissions.overdue(10)).length > 0);
    expect(await admissions.overdue(10)).toMatchObject(wakes);
    expect(await admissions.overdue(0)).toEqual([]);
  });

  test('gets a new wake where its job is gone, and the old one is void', async ({ expect }) => {
    const wake = await forgotten();
    const [next, ...more] = await rig.admissions().readmit([{ ...wake, replace: true }]);
    expect(more).toEqual([]);
    expect(next).toEqual({ postId: wake.postId, wake: wake.wake + 1 });
    expect(await rig.admissions().overdue(10)).toEqual([]);

    const before = await rig.dump();
    expect(await rig.worker().claim(wake.postId, wake.wake)).toEqual({ refused: 'superseded' });
    expect(await rig.dump()).toEqual(before);
    expect(await claimed(rig.worker(), wake.postId, wake.wake + 1)).toMatchObject({ id: wake.postId });
  });

  test('gets only a new lease where its job still waits', async ({ expect }) => {
    const wake = await forgotten();
    expect(await rig.admissions().readmit([{ ...wake, replace: false }])).toEqual([]);
    expect(await rig.admissions().overdue(10)).toEqual([]);
    expect(Number(await rig.redis.zscore(keys.admitted, wake.postId))).toBeGreaterThan(Date.now());
    expect(await claimed(rig.worker(), wake.postId, wake.wake)).toMatchObject({ id: wake.postId });
  });

  test('is put back by one of several that find it', async ({ expect }) => {
    const wakes = [await forgotten(), await forgotten(), await forgotten()];
    const replacing = wakes.map((wake) => ({ ...wake, replace: true }));
    const results = await Promise.all([0, 1, 2].map(() => rig.admissions().readmit(replacing)));
    expect(results.flat()).toEqual(wakes.map(({ postId, wake }) => ({ postId, wake: wake + 1 })));
  });

  test('tells which of several got a new wake', async ({ expect }) => {
    const [gone, waiting, looked] = [await forgotten(), await forgotten(), await forgotten()];
    await claimed(rig.worker(), looked.postId, looked.wake);
    expect(
      await rig.admissions().readmit([
        { ...waiting, replace: false },
        { ...looked, replace: true },
        { ...gone, replace: true },
      ]),
    ).toEqual([{ postId: gone.postId, wake: gone.wake + 1 }]);
  });

  test('is forgotten when it is over or has no record', async ({ expect }) => {
    const [over, missing] = [await forgotten(), await forgotten()];
    await rig.store().posts.change(over.postId, (record) => cancelPost(record, 1));
    await rig.redis.zadd(keys.admitted, 1, over.postId);
    await rig.redis.del(keys.post + missing.postId);
    expect(await rig.redis.zcard(keys.admitted)).toBe(2);
    expect(await rig.admissions().overdue(10)).toEqual([]);
    expect(await rig.redis.zcard(keys.admitted)).toBe(0);
  });
});

describe('a claim', () => {
  test('raises the fence, names the holder, and takes a lease', async ({ expect }) => {
    const [id = ''] = await due(1);
    const [wake] = await rig.admissions().admit(1);
    await runOut(id);
    const post = await claimed(rig.worker({ holder: 'worker-b' }), id, wake?.wake ?? 0);
    expect(post).toMatchObject({
      id,
      abandoned: false,
      request: { id },
      state: { status: 'scheduled' },
    });
    expect(await rig.store().posts.get(id)).toMatchObject({
      heldBy: 'worker-b',
      fence: post.fence,
      rev: 1,
    });
    expect(await rig.admissions().overdue(10)).toEqual([]);
  });

  test('of a post that was never given back says so', async ({ expect }) => {
    const wake = await forgotten();
    const first = await claimed(rig.worker(), wake.postId, wake.wake);
    const second = await claimed(rig.worker({ holder: 'worker-b' }), wake.postId, wake.wake);
    expect(second.abandoned).toBe(true);
    expect(second.fence).toBeGreaterThan(first.fence);
  });

  test('whose answer is lost with the connection is made again, and nobody is told to have died', async ({
    expect,
  }) => {
    const wake = await forgotten();
    const thief = await startAnswerThief(rig.server.port);
    const connection = rig.connect('worker', 'store', thief.url);
    await once(connection, 'ready');
    await rig.worker({ redis: connection }).claim(postRequest().id, 1); // from here on the script is known there
    thief.stealAnswerTo(wake.postId);
    const post = await claimed(rig.worker({ redis: connection }), wake.postId, wake.wake);
    expect(thief.stolen).toBe(1);
    expect(post.abandoned).toBe(false);
    expect(await post.save(post.state, [])).toBe('saved');
    connection.disconnect();
    await thief.stop();
  });

  test('has a fence that was never given before, even where Redis has forgotten the last one', async ({
    expect,
  }) => {
    const wake = await forgotten();
    const first = await claimed(rig.worker(), wake.postId, wake.wake);
    await rig.redis.hset(keys.post + wake.postId, 'fence', 0, 'held', ''); // as it was before the claim
    const second = await claimed(rig.worker({ holder: 'worker-b' }), wake.postId, wake.wake);
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await first.save(first.state, [])).toBe('lost');
  });

  test('is refused where there is no record, or the post is over', async ({ expect }) => {
    const wake = await forgotten();
    expect(await rig.worker().claim(postRequest().id, 1)).toEqual({ refused: 'missing' });
    await rig.store().posts.change(wake.postId, (record) => cancelPost(record, 1));
    expect(await rig.worker().claim(wake.postId, wake.wake)).toEqual({ refused: 'over' });
  });
});
