import type { Progress } from '@slipway/pipeline/core';
import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest';
import type { FeedItem, HeldPost, Store } from '../src/index.ts';
import { keysOf } from '../src/keys.ts';
import { type Rig, claimed, moved, postRequest, startRig, takeInHand } from './rig.ts';

let rig: Rig;
const keys = keysOf(0);
beforeAll(async () => {
  rig = await startRig({ appendfsync: 'always' });
});
beforeEach(() => rig.reset());
afterAll(() => rig.stop());

interface Follower {
  items: FeedItem[];
  /** The `at` of each event, which the tests number them by. */
  numbers(): number[];
  ids(): string[];
  stop(): Promise<void>;
  ended: Promise<void>;
}

function follow(store: Store, id: string, after: string | null = null): Follower {
  const stopping = new AbortController();
  const items: FeedItem[] = [];
  const events = () => items.flatMap((item) => (item.kind === 'event' ? [item] : []));
  const ended = (async () => {
    for await (const item of store.feed.follow(id, { after, signal: stopping.signal })) items.push(item);
  })();
  return {
    items,
    numbers: () => events().map(({ event }) => event.at),
    ids: () => events().map((event) => event.id),
    ended,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count - from + 1 }, (_, index) => from + index);

/** Saves the events numbered `from` to `to`, a few at a time. */
async function produce(post: HeldPost, from: number, to: number): Promise<void> {
  for (let at = from; at <= to; at += 3) {
    const events = upTo(Math.min(at + 2, to), at).map((number) => moved('post.staging', number));
    if ((await post.save(post.state, events)) !== 'saved') throw new Error('the save was refused');
  }
}

/** A post in hand with no event but those that a test makes. */
async function quietPost(): Promise<{ id: string; post: HeldPost }> {
  const { id, post } = await takeInHand(rig);
  await rig.redis.del(keys.eventsOf(id));
  return { id, post };
}

const seen = (follower: Follower, number: number) =>
  eventually(() => follower.numbers().at(-1) === number, { describe: `event ${number}` });

describe('following a post', () => {
  test('tells the past, then what happens, each event once and in order, to any number of followers', async ({
    expect,
  }) => {
    const store = rig.store();
    const [one, two] = [await quietPost(), await quietPost()];
    await produce(one.post, 1, 50);
    const followers = [follow(store, one.id), follow(store, one.id), follow(store, two.id)];
    const producing = Promise.all([produce(one.post, 51, 400), produce(two.post, 1, 300)]);
    // Some join while it happens.
    for (const number of [60, 120, 240]) {
      await eventually(() => (followers[0]?.numbers().length ?? 0) >= number);
      followers.push(follow(store, one.id), follow(store, two.id));
    }
    await producing;
    for (const [index, follower] of followers.entries()) {
      const last = index === 2 || (index > 2 && index % 2 === 0) ? 300 : 400;
      await seen(follower, last);
      expect(follower.numbers(), `follower ${index}`).toEqual(upTo(last));
    }
    await Promise.all(followers.map((follower) => follower.stop()));
  });

  test('goes on after any event, whose id is the same in the past and live', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    const live = follow(store, id);
    await produce(post, 1, 20);
    await seen(live, 20);
    const past = await store.posts.events(id, null);
    expect(live.ids()).toEqual(past.map((event) => event.id));
    for (const after of [0, 7, 18, 19]) {
      const follower = follow(store, id, past[after]?.id ?? '');
      await produce(post, 21, 21);
      await seen(follower, 21);
      expect(follower.numbers().slice(0, 20 - after)).toEqual(
        [...upTo(20, after + 2), 21].slice(0, 20 - after),
      );
      await follower.stop();
    }
    await live.stop();
  });

  test('after the last event tells only what is new', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    await produce(post, 1, 3);
    const last = (await store.posts.events(id, null)).at(-1)?.id ?? '';
    const follower = follow(store, id, last);
    await produce(post, 4, 5);
    await seen(follower, 5);
    expect(follower.numbers()).toEqual([4, 5]);
    await follower.stop();
  });

  test('tells progress without an id, to those who follow that post', async ({ expect }) => {
    const store = rig.store();
    const [one, two] = [await quietPost(), await quietPost()];
    await produce(one.post, 1, 1);
    await produce(two.post, 1, 1);
    const [followed, other] = [follow(store, one.id), follow(store, two.id)];
    await seen(followed, 1);
    await seen(other, 1);
    const progress: Progress = { postId: one.id, at: 5, media: [] };
    rig.worker().publishProgress(progress);
    await eventually(() => followed.items.length === 2);
    expect(followed.items[1]).toEqual({ kind: 'progress', progress });
    await produce(two.post, 2, 2);
    await seen(other, 2);
    expect(other.items.map(({ kind }) => kind)).toEqual(['event', 'event']);
    await Promise.all([followed.stop(), other.stop()]);
  });

  test('is not told what happens to accounts, not even by one whose id they have', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    const follower = follow(store, id);
    await produce(post, 1, 3);
    await seen(follower, 3);
    const json = JSON.stringify({ type: 'account.blocked', at: 99, data: {} });
    await rig.redis.xadd(keys.events, '*', 'a', id, 'e', json);
    await produce(post, 4, 6);
    await seen(follower, 6);
    expect(follower.numbers()).toEqual(upTo(6));
    await follower.stop();
  });

  test('covers every partition', async ({ expect }) => {
    const store = rig.store({ partitions: 3 });
    const worker = rig.worker({ partitions: 3 });
    for (const accountId of ['acct_0', 'acct_1', 'acct_2', 'acct_3']) {
      const request = postRequest({ accountId });
      await store.posts.create(request, { startAt: 0 });
      const post = await claimed(worker, request.id, 0);
      const follower = follow(store, request.id);
      await eventually(() => follower.items.length === 1);
      await produce(post, 1, 2);
      await seen(follower, 2);
      expect(follower.items).toHaveLength(3);
      worker.publishProgress({ postId: request.id, at: 1, media: [] });
      await eventually(() => follower.items.length === 4);
      await follower.stop();
    }
  });
});

describe('following ends', () => {
  test('when it is aborted: before, while it waits, and in the past', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    await produce(post, 1, 3);
    const waiting = follow(store, id);
    await seen(waiting, 3);
    await waiting.stop();

    const before: FeedItem[] = [];
    for await (const item of store.feed.follow(id, { after: null, signal: AbortSignal.abort() }))
      before.push(item);
    expect(before).toEqual([]);

    const stopping = new AbortController();
    const numbers: number[] = [];
    for await (const item of store.feed.follow(id, { after: null, signal: stopping.signal })) {
      if (item.kind === 'event') numbers.push(item.event.at);
      stopping.abort();
    }
    expect(numbers).toEqual([1]);
  });

  test('when it is aborted while Redis cannot be reached', async ({ expect }) => {
    const store = rig.store();
    await rig.server.kill('SIGSTOP');
    const follower = follow(store, 'post_x');
    await follower.stop();
    expect(follower.items).toEqual([]);
    await rig.server.kill('SIGCONT');
  });

  test('when the feed is closed, which leaves no connection', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    await produce(post, 1, 1);
    const follower = follow(store, id);
    await seen(follower, 1);
    expect((await rig.clients()).sort()).toEqual(['events', 'progress']);
    await store.close();
    await follower.ended;
    await eventually(async () => (await rig.clients()).length === 0);
    const late = follow(store, id);
    await late.ended;
    expect(late.items).toEqual([]);
    expect(await rig.clients()).toEqual([]);
  });

  test('before a gap, for a follower that falls too far behind, who loses nothing by coming back', async ({
    expect,
  }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    const stopping = new AbortController();
    const slow = store.feed.follow(id, { after: null, signal: stopping.signal })[Symbol.asyncIterator]();
    const observer = follow(store, id);
    await produce(post, 1, 1);
    const read: FeedItem[] = [];
    const next = async () => {
      const { done, value } = await slow.next();
      if (!done) read.push(value);
      return !done;
    };
    await next();
    // It stops reading here: 1,000 events are kept for it, and these are more.
    await produce(post, 2, 1_200);
    await seen(observer, 1_200);
    for (let index = 0; index < 10; index += 1) await next();
    // By now there is room again, but what comes would follow upon a gap.
    await produce(post, 1_201, 1_205);
    await seen(observer, 1_205);
    while (await next());
    const numbers = read.flatMap((item) => (item.kind === 'event' ? [item.event.at] : []));
    expect(numbers).toEqual(upTo(1_001));

    const last = read.at(-1);
    const back = follow(store, id, last?.kind === 'event' ? last.id : null);
    await seen(back, 1_205);
    expect(back.numbers()).toEqual(upTo(1_205, 1_002));
    await Promise.all([back.stop(), observer.stop()]);
  });
});

describe('following goes on', () => {
  test('when its connections are killed, without losing or repeating an event', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    const follower = follow(store, id);
    await produce(post, 1, 10);
    await seen(follower, 10);
    for (let round = 1; round <= 5; round += 1) {
      const producing = produce(post, round * 10 + 1, round * 10 + 10);
      await killClients(['events', 'progress']);
      await producing;
      await seen(follower, round * 10 + 10);
    }
    expect(follower.numbers()).toEqual(upTo(60));
    // Progress is heard again, too.
    await eventually(() => {
      rig.worker().publishProgress({ postId: id, at: 1, media: [] });
      return follower.items.some(({ kind }) => kind === 'progress');
    });
    await follower.stop();
  });

  test('when Redis is killed and comes back, without losing or repeating an event', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    const follower = follow(store, id);
    await produce(post, 1, 10);
    await seen(follower, 10);
    await rig.server.kill('SIGKILL');
    await rig.server.restart();
    await produce(post, 11, 20);
    await seen(follower, 20);
    expect(follower.numbers()).toEqual(upTo(20));
    await follower.stop();
  });

  test('when Redis refuses to read for a while', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    const follower = follow(store, id);
    await produce(post, 1, 2);
    await seen(follower, 2);
    await whileForbidden('xread', async () => {
      await produce(post, 3, 4); // ends the read that is blocked now; the next one is refused
      await eventually(async () => String(await rig.redis.acl('LOG')).includes('xread'));
    });
    await produce(post, 5, 6);
    await seen(follower, 6);
    expect(follower.numbers()).toEqual(upTo(6));
    await follower.stop();
  });

  test('for the next follower when Redis refused the first one', async ({ expect }) => {
    const store = rig.store();
    const { id, post } = await quietPost();
    await produce(post, 1, 2);
    await whileForbidden('xrevrange', async () => {
      await expect(follow(store, id).ended).rejects.toThrow('NOPERM');
    });
    const follower = follow(store, id);
    await produce(post, 3, 4);
    await seen(follower, 4);
    expect(follower.numbers()).toEqual(upTo(4));
    await follower.stop();
  });
});

async function whileForbidden(command: string, work: () => Promise<void>): Promise<void> {
  await rig.redis.acl('LOG', 'RESET');
  await rig.redis.acl('SETUSER', 'default', `-${command}`);
  try {
    await work();
  } finally {
    await rig.redis.acl('SETUSER', 'default', `+${command}`);
  }
}

async function killClients(names: string[]): Promise<void> {
  const list = String(await rig.redis.client('LIST'));
  for (const line of list.split('\n')) {
    const [, id = '', name = ''] = /^id=(\d+) .*?name=(\S*)/.exec(line) ?? [];
    if (names.includes(name)) await rig.redis.client('KILL', 'ID', Number(id));
  }
}
