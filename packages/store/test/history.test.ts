import { type LocalRedis, startRedis } from '@slipway/local';
import type { ChangedHistory } from '@slipway/pipeline/core';
import { startFaultProxy } from '@slipway/testkit';
import { afterEach, describe, test } from 'vitest';
import type { HeldPost } from '../src/index.ts';
import { type Rig, claimed, postRequest, published, startRig, takeInHand } from './rig.ts';

let rig: Rig;
afterEach(() => rig.stop());

const intent = (post: HeldPost) => ({ ...post.state, status: 'publishing' as const });
const killAndRestart = async (server: LocalRedis): Promise<void> => {
  await server.kill('SIGKILL');
  await server.restart();
};

async function changeSeen(post: HeldPost): Promise<ChangedHistory> {
  const saved = await post.save(intent(post), [], { ifHistory: null });
  if (typeof saved !== 'object') throw new Error(`the save was ${saved}, not refused for a changed history`);
  return saved;
}

describe('a save that needs the history in which the post was created', () => {
  test('is made while Redis has it', async ({ expect }) => {
    rig = await startRig();
    const { id, post } = await takeInHand(rig);
    expect(post.changedHistory).toBeNull();
    expect(await post.save(intent(post), [], { ifHistory: null })).toBe('saved');
    expect(await rig.store().posts.get(id)).toMatchObject({ state: { status: 'publishing' }, rev: 2 });
  });

  test('is refused after a restart, and made once the new history is named', async ({ expect }) => {
    rig = await startRig({ appendfsync: 'always' });
    const { id, post } = await takeInHand(rig);
    await killAndRestart(rig.server);
    const before = await rig.store().posts.get(id);
    const changed = await changeSeen(post);
    expect(changed).toEqual({ history: expect.any(String), since: expect.any(Number), lossy: false });
    expect(await rig.store().posts.get(id)).toEqual(before);

    expect(await post.save(intent(post), [], { ifHistory: 'another' })).toMatchObject(changed);
    expect(await post.save(intent(post), [], { ifHistory: changed.history })).toBe('saved');
    // Other saves are made whatever happened to Redis.
    expect(await post.save(post.state, [])).toBe('saved');
  });

  test('may be about lost writes where not every write is on disk', async ({ expect }) => {
    rig = await startRig({ appendfsync: 'everysec' });
    const { post } = await takeInHand(rig);
    await killAndRestart(rig.server);
    expect(await changeSeen(post)).toMatchObject({ lossy: true });
  });

  test('may be about lost writes after a failover, whatever the disk has', async ({ expect }) => {
    rig = await startRig({ appendfsync: 'always' });
    const replica = await startRedis({ replicaOf: rig.server });
    const proxy = await startFaultProxy({ target: rig.server });
    const redis = rig.connect('worker', 'store', `redis://127.0.0.1:${proxy.port}`);
    const { id, wake } = await takeInHand(rig);
    const post = await claimed(rig.worker({ redis }), id, wake);
    await rig.redis.wait(1, 5_000);

    await replica.promote();
    proxy.retarget(replica);
    proxy.cut();
    expect(await changeSeen(post)).toMatchObject({ lossy: true });
    redis.disconnect();
    await proxy.close();
    await replica.stop();
  });

  test('knows since when: the first script that runs under the new history', async ({ expect }) => {
    rig = await startRig();
    const { post } = await takeInHand(rig);
    await killAndRestart(rig.server);
    await rig.admissions().admit(1);
    const [seconds = 0, micros = 0] = await rig.redis.time();
    const { since } = await changeSeen(post);
    expect(since).toBeLessThanOrEqual(seconds * 1000 + micros / 1000);
    expect(await changeSeen(post)).toMatchObject({ since });
  });
});

describe('a change from outside', () => {
  test('is told of another history before it is made, until the record names that', async ({ expect }) => {
    rig = await startRig({ appendfsync: 'always' });
    const { id } = await takeInHand(rig);
    const { posts } = rig.store();
    const told: (number | null)[] = [];
    const touch = () =>
      posts.change(id, ({ state }, changedSince) => {
        told.push(changedSince);
        return { state, events: [] };
      });
    await touch();
    expect(told.splice(0)).toEqual([null]);
    await killAndRestart(rig.server);
    expect(await touch()).toMatchObject({ changed: true, record: { rev: 3 } });
    expect(told.splice(0)).toEqual([null, expect.any(Number)]);

    const [admitted] = await rig.admissions().admit(1);
    const post = await claimed(rig.worker(), id, admitted?.wake ?? 0);
    const { history = '' } = post.changedHistory ?? {};
    await post.save({ ...post.state, publish: { ...post.state.publish, history } }, []);
    await touch();
    expect(told).toEqual([null]);
  });

  test('may be given up then', async ({ expect }) => {
    rig = await startRig({ appendfsync: 'always' });
    const { id } = await takeInHand(rig);
    await killAndRestart(rig.server);
    const { posts } = rig.store();
    const before = await posts.get(id);
    const given = await posts.change(id, ({ state }, changedSince) =>
      changedSince === null ? { state, events: [] } : null,
    );
    expect(given).toEqual({ record: before, changed: false });
    expect(await posts.get(id)).toEqual(before);
  });
});

describe('a claim', () => {
  test('tells of another history than that of the creation, until the record names the new one', async ({
    expect,
  }) => {
    rig = await startRig({ appendfsync: 'always' });
    const { id, wake, post } = await takeInHand(rig);
    await killAndRestart(rig.server);
    const second = await claimed(rig.worker(), id, wake);
    expect(second.changedHistory).toEqual(await changeSeen(second));
    expect(await post.save(published(post.state), [])).toBe('lost');

    const { history = '' } = second.changedHistory ?? {};
    const { state } = second;
    await second.save({ ...state, publish: { ...state.publish, history } }, []);
    expect((await claimed(rig.worker(), id, wake)).changedHistory).toBeNull();
  });

  test('of a post that was created after a restart knows no other history', async ({ expect }) => {
    rig = await startRig();
    await killAndRestart(rig.server);
    await rig.admissions().admit(1);
    expect((await takeInHand(rig, { request: postRequest() })).post.changedHistory).toBeNull();
  });

  test('never shares a fence with one that Redis has forgotten', async ({ expect }) => {
    rig = await startRig({ appendfsync: 'always' });
    await rig.store().posts.create(postRequest({ text: 'before' }), { startAt: 0 });
    const [wake] = await rig.admissions().admit(1);
    const { postId, wake: number } = wake ?? { postId: '', wake: 0 };
    const mark = rig.server.aofMark();
    const first = await claimed(rig.worker(), postId, number);
    await rig.server.kill('SIGKILL');
    rig.server.cutAofTail(mark);
    await rig.server.restart();

    const second = await claimed(rig.worker({ holder: 'worker-b' }), postId, number);
    expect(second.abandoned).toBe(false); // the first claim is forgotten
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await first.save(first.state, [])).toBe('lost');
    expect(await second.save(second.state, [])).toBe('saved');
  });
});
