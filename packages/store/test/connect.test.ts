import { startRedis } from '@slipway/local';
import { eventually, startFaultProxy } from '@slipway/testkit';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type Rig, moved, postRequest, startRig, takeInHand } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ appendfsync: 'always' });
});
afterAll(() => rig.stop());

describe('a connection of a caller', () => {
  test('fails at once while Redis is away, and works when it is back', async ({ expect }) => {
    const caller = rig.connect('caller', 'api');
    const store = rig.store({ redis: caller });
    await once(caller, 'ready');
    await expect(store.ping()).resolves.toBeUndefined();

    await rig.server.kill('SIGKILL');
    if (caller.status === 'ready') await once(caller, 'close');
    await expect(store.ping()).rejects.toThrow('enableOfflineQueue');
    await expect(store.posts.get(postRequest().id)).rejects.toThrow();
    await expect(store.posts.create(postRequest(), { startAt: 0 })).rejects.toThrow();

    await rig.server.restart();
    await eventually(() => caller.status === 'ready');
    const request = postRequest();
    await store.posts.create(request, { startAt: 0 });
    expect(await store.posts.get(request.id)).toMatchObject({ request });
  });
});

describe.for(['worker', 'blocking'] as const)('a connection of the role %s', (role) => {
  test('waits until Redis is back', async ({ expect }) => {
    const connection = rig.connect(role, 'patient');
    await once(connection, 'ready');
    await rig.server.kill('SIGKILL');
    const pong = connection.ping();
    await rig.server.restart();
    expect(await pong).toBe('PONG');
  });
});

test.for(['caller', 'worker', 'blocking'] as const)(
  'a %s that is left with the old master after a failover behind one address goes to the new one',
  async (role, { expect }) => {
    const replica = await startRedis({ replicaOf: rig.server });
    const address = await startFaultProxy({ target: rig.server });
    const connection = rig.connect(role, 'left', `redis://127.0.0.1:${address.port}`);
    try {
      await once(connection, 'ready');
      await connection.set('before', '1');
      await connection.wait(1, 5_000); // what the replica has not heard of would be lost

      await replica.promote();
      await rig.server.follow(replica);
      address.retarget(replica);
      await expect(connection.eval("return redis.call('SET', 'after', '1')", 0)).rejects.toThrow('READONLY');
      await eventually(async () => (await connection.set('after', '1')) === 'OK');
      expect(await connection.get('before')).toBe('1');
    } finally {
      connection.disconnect();
      await address.close();
      await rig.server.promote();
      await replica.stop();
    }
  },
);

test('a peer that falls silent is noticed in every role, and a blocking read is not taken for one', ({
  expect,
}) => {
  for (const role of ['caller', 'worker', 'blocking'] as const) {
    const { socketTimeout = 0 } = rig.connect(role, role).options;
    expect(socketTimeout).toBeGreaterThan(10_000);
    expect(socketTimeout).toBeLessThanOrEqual(30_000);
  }
});

test('scripts are sent again to a Redis that has forgotten them', async ({ expect }) => {
  const { id, wake, post } = await takeInHand(rig);
  const forget = () => rig.redis.script('FLUSH');
  await forget();
  expect(await post.save(post.state, [moved('post.staging')])).toBe('saved');
  await forget();
  expect(await rig.worker().renew([post])).toEqual([]);
  await forget();
  expect(await rig.worker().claim(id, wake)).toMatchObject({ id, fence: expect.any(Number) });
  await forget();
  expect(await rig.admissions().overdue(1)).toEqual([]);
  await forget();
  expect(await rig.admissions().readmit([{ postId: id, wake, lookAt: 1, replace: true }])).toEqual([]);
  await forget();
  await rig.store().posts.create(postRequest(), { startAt: 0 });
  await forget();
  expect(await rig.admissions().admit(10)).toHaveLength(1);
});

test('an error of a script is not hidden', async ({ expect }) => {
  const request = postRequest();
  await rig.redis.set(`{slipway:0}:post:${request.id}`, 'not a hash');
  await expect(rig.store().posts.create(request, { startAt: 0 })).rejects.toThrow('WRONGTYPE');
});
