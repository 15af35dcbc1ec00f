import { LostPost } from '@slipway/pipeline';
import { type HeldPost, type HeldPosts, createHeldPosts, layOut } from '@slipway/store';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type Hands, createHands } from '../src/hands.ts';
import { type WorkerRig, startRig } from './worker-rig.ts';

const LEASE_MS = 200;

let rig: WorkerRig;
let hands: Hands;
beforeAll(async () => {
  rig = await startRig();
});
afterEach(() => hands.stop());
afterAll(() => rig.stop());

const worker = (holder: string): HeldPosts =>
  createHeldPosts(rig.redis, layOut(1), Date.now, { holder, leaseMs: 60_000, graceMs: 60_000 });

async function claim(by: string, id: string): Promise<HeldPost> {
  const post = await worker(by).claim(id, 0);
  if ('refused' in post) throw new Error(post.refused);
  return post;
}

/** As SIGSTOP and SIGCONT do: nothing of this process runs, no heartbeat either. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function renewals(): Promise<number> {
  const stats = await rig.redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
}

describe('a worker that was paused for longer than half its lease', () => {
  test('learns before its next effect that the post is somebody else’s', async ({ expect }) => {
    const id = await rig.accept('paused');
    hands = createHands(worker('first'), LEASE_MS, () => {});
    const hand = hands.take(await claim('first', id));
    await claim('second', id);
    pause(LEASE_MS / 2 + 20);
    await expect(hand.confirm()).rejects.toBeInstanceOf(LostPost);
    expect(hand.abort.reason).toBeInstanceOf(LostPost);
  });

  test('goes on where nobody has taken it', async ({ expect }) => {
    const id = await rig.accept('still mine');
    hands = createHands(worker('first'), LEASE_MS, () => {});
    const hand = hands.take(await claim('first', id));
    pause(LEASE_MS / 2 + 20);
    await hand.confirm();
    expect(hand.abort.aborted).toBe(false);
  });
});

test('a worker that saved a moment ago asks nobody', async ({ expect }) => {
  const id = await rig.accept('saved');
  hands = createHands(worker('first'), 60_000, () => {});
  const hand = hands.take(await claim('first', id));
  const before = await renewals();
  for (let effect = 0; effect < 10; effect += 1) await hand.confirm();
  expect(await renewals()).toBe(before);
});
