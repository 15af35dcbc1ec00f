import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import { once } from 'node:events';
import { keysOf } from '../src/keys.ts';
import { startAnswerThief } from './answer-thief.ts';
import { commandsDuring } from './commands.ts';
import { ACCOUNT, FAR_FUTURE, type Rig, postRequest, startRig } from './rig.ts';

let rig: Rig;
const keys = keysOf(0);
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

describe('a new post', () => {
  test('has a record, its indexes, a place in the backlog and a first event', async ({ expect }) => {
    const request = postRequest({ text: 'first' });
    const record = await rig.store().posts.create(request, { startAt: FAR_FUTURE });

    expect(record).toMatchObject({ request, rev: 1, fence: 0, heldBy: null, state: { status: 'scheduled' } });
    expect(await rig.store().posts.get(request.id)).toEqual(record);
    expect(await rig.redis.zrange(keys.backlog + ACCOUNT, '0', '-1', 'WITHSCORES')).toEqual([
      request.id,
      String(FAR_FUTURE),
    ]);
    for (const index of [keys.all, keys.ofAccount(ACCOUNT), keys.ofStatus('scheduled')]) {
      expect(await rig.redis.zrange(index, '0', '-1'), index).toEqual([request.id]);
    }
    const event = JSON.stringify({ type: 'post.scheduled', at: request.createdAt, data: {} });
    const ofAll = await rig.redis.xrange(keys.events, '-', '+');
    expect(ofAll).toEqual([[expect.any(String), ['p', request.id, 'e', event]]]);
    expect(await rig.redis.lrange(keys.eventsOf(request.id), 0, -1)).toEqual([`${ofAll[0]?.[0]} ${event}`]);
  });

  test('is one write to Redis', async ({ expect }) => {
    const posts = rig.store().posts;
    await posts.create(postRequest(), { startAt: 0 }); // from here on the script is known there
    const commands = await commandsDuring(rig, () => posts.create(postRequest(), { startAt: 0 }));
    expect(commands).toEqual(['evalsha']);
  });

  test('is refused under an id that another request has, and then nothing is written', async ({ expect }) => {
    const posts = rig.store().posts;
    const request = postRequest({ text: 'mine' });
    await posts.create(request, { startAt: 0 });
    const before = await rig.dump();
    await expect(posts.create({ ...request, text: 'another' }, { startAt: 0 })).rejects.toThrow(
      `the id ${request.id} is taken`,
    );
    expect(await rig.dump()).toEqual(before);
  });

  test('is made once, and known to be made, when the connection breaks before the answer', async ({
    expect,
  }) => {
    const thief = await startAnswerThief(rig.server.port);
    const connection = rig.connect('caller', 'api', thief.url);
    await once(connection, 'ready');
    const { posts } = rig.store({ redis: connection });
    await posts.create(postRequest(), { startAt: 0 });

    const request = postRequest();
    thief.stealAnswerTo(request.id);
    await expect(posts.create(request, { startAt: 0 })).resolves.toMatchObject({ rev: 1 });
    expect(thief.stolen).toBe(1);
    expect(await rig.store().posts.events(request.id, null)).toHaveLength(1);
    connection.disconnect();
    await thief.stop();
  });

  test('is called out when it is due at once, and only then', async ({ expect }) => {
    const listener = rig.connect('blocking', 'listener');
    await listener.subscribe(keys.due);
    const called = once(listener, 'message');
    const [later, now] = [postRequest(), postRequest()];
    await rig.store().posts.create(later, { startAt: FAR_FUTURE });
    await rig.store().posts.create(now, { startAt: 0 });
    expect(await called).toEqual([keys.due, now.id]);
  });
});

test('a post that is not there is null', async ({ expect }) => {
  expect(await rig.store().posts.get(postRequest().id)).toBeNull();
});
