import { knownLimits, microUsd } from '@slipway/pipeline/core';
import { createAppParks, layOut } from '@slipway/store';
import { eventually, makeImage, movableClock } from '@slipway/testkit';
import type { SimConfigPatch } from '@slipway/x-sim';
import { afterEach, describe, test } from 'vitest';
import { type RigOptions, type WorkerRig, createsOnX, passWait, startRig } from './worker-rig.ts';

// X and the pipeline run on one clock, a day ahead of Redis, that moves only when told to.

const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';
const OTHER = 'acct_01jzzzzzzzzzzzzzzzzzzzzzzz';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const clock = movableClock(Date.now() + 24 * HOUR);
let rig: WorkerRig;
afterEach(() => rig.stop());

async function start(
  limits: Record<string, object>,
  quota: RigOptions['quota'] = {},
  config: SimConfigPatch = {},
): Promise<void> {
  rig = await startRig({
    clock,
    quota,
    sim: {
      now: () => clock.now(),
      config: { duplicateWindowMs: 0, limits: { overrides: limits }, ...config },
    },
  });
  await Promise.all([rig.startWorker(), rig.startWorker()]);
}

/** Of all posts: how many are on X, and how many wait in the queue for their instant. */
async function untilQuiet(posts: number): Promise<{ onX: number; waiting: number }> {
  return eventually(
    async () => {
      const waiting = await rig.queue.getDelayedCount();
      const onX = rig.sim.ledger().posts.length;
      return onX + waiting === posts && { onX, waiting };
    },
    { describe: `every one of ${posts} posts on X or waiting` },
  );
}

async function passWindow(ms: number): Promise<void> {
  clock.advance(ms);
  for (const job of await rig.queue.getDelayed()) await job.promote();
}

describe('thirty posts of an account that may create ten in a quarter of an hour', () => {
  const limit = { 'posts.create': { user15m: 10 } };

  test.for<[string, NonNullable<RigOptions['quota']>]>([
    [
      'known of its tier',
      {
        tier: 'pay_per_use',
        limits: knownLimits({ pay_per_use: { 'POST /2/tweets': { user15m: 10, user3h: null } } }),
      },
    ],
    ['learned of X', {}],
  ])('go out ten by ten, from two workers, and X never has to refuse: %s', async ([, quota], { expect }) => {
    await start(limit, quota);
    const ids: string[] = [];
    for (let n = 0; n < 30; n++) ids.push(await rig.accept(`post ${n}`));
    for (const onX of [10, 20, 30]) {
      expect(await untilQuiet(30)).toEqual({ onX, waiting: 30 - onX });
      expect(rig.sim.ledger().requests['posts.create']).toEqual({ 201: onX });
      if (onX === 30) break;
      const waitingPosts = (await Promise.all(ids.map((id) => rig.stateOf(id)))).filter(
        ({ waiting }) => waiting,
      );
      expect(waitingPosts).toHaveLength(30 - onX);
      for (const { waiting, publish } of waitingPosts) {
        expect(waiting).toMatchObject({
          reason: 'rate_limit',
          detail: expect.stringContaining('POST /2/tweets'),
        });
        expect(publish.attempts).toBe(0);
      }
      await passWindow(15 * MINUTE + 5_000);
    }
  });
});

describe('a cap of a day', () => {
  test('is obeyed with plenty left in the quarter of an hour', async ({ expect }) => {
    await start({ 'posts.create': { user15m: 100, user24h: 3 } });
    for (let n = 0; n < 3; n++)
      expect(await rig.ended(await rig.accept(`post ${n}`))).toMatchObject({ status: 'published' });
    const id = await rig.accept('tomorrow');
    const { until } = await rig.delayed(id);
    expect(until - clock.now()).toBeGreaterThan(23 * HOUR);
    expect(createsOnX(rig)).toBe(3);
    await passWait(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(rig.sim.ledger().requests['posts.create']).toEqual({ 201: 4 });
  });
});

describe('a refusal without a header', () => {
  test('holds up the other posts of the account as well, without a call', async ({ expect }) => {
    await start({}, {}, { limits: { mode: 'off' } });
    rig.sim.faults.script({ on: { operation: 'posts.create' }, do: { answer: 'rate_limited_bare' } });
    const first = await rig.accept('first');
    await rig.delayed(first);
    const second = await rig.accept('second');
    const { until } = await rig.delayed(second);
    expect(until - clock.now()).toBeGreaterThanOrEqual(MINUTE);
    expect(await rig.stateOf(second)).toMatchObject({ waiting: { reason: 'rate_limit' } });
    expect(createsOnX(rig)).toBe(1);
  });
});

describe('an app without credits', { timeout: 30_000 }, () => {
  test('is not called for other accounts; one action lets all go on, each post once', async ({ expect }) => {
    await start({}, {}, { creditsUsd: 0 });
    const first = await rig.accept('first');
    await rig.parked(first);
    const second = await rig.accept('second', [], { accountId: OTHER });
    const { waiting } = await eventually(async () => {
      const state = await rig.stateOf(second);
      return state.waiting ? state : undefined;
    });
    expect(waiting).toMatchObject({ reason: 'credits', cause: 'credits', app: 'default' });
    expect(rig.sim.ledger().requests['posts.create']).toEqual({ 402: 1 });
    for (const id of [ACCOUNT, OTHER])
      expect(await rig.blocks.get(id)).toMatchObject({ block: { cause: 'credits', app: 'default' } });

    rig.sim.configure({ creditsUsd: 1 });
    expect(await createAppParks(rig.redis, layOut(1), Date.now).release('default')).not.toBeNull();
    expect(await rig.blocks.releaseApp('default')).toBe(2);
    for (const id of [first, second]) expect(await rig.ended(id)).toMatchObject({ status: 'published' });
    expect(rig.sim.ledger().requests['posts.create']).toEqual({ 201: 2, 402: 1 });
  });
});

describe('a budget', () => {
  test('is never overspent, and parks what would', async ({ expect }) => {
    await start({}, { appBudgetMicroUsd: microUsd(0.06) }, { creditsUsd: 100 });
    await rig.put('image', makeImage({ type: 'png', seed: 1 }));
    const media = {
      bucket: 'media',
      key: 'image',
      versionId: null,
      altText: 'a red door',
      category: null,
      ifChanged: 'fail',
    } as const;
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) ids.push(await rig.accept(`post ${n}`, [], { media: [media] }));
    await eventually(async () => {
      const { block } = await rig.blocks.get(ACCOUNT);
      return block?.cause === 'budget' && (await rig.queue.getActiveCount()) === 0;
    });
    const states = await Promise.all(ids.map((id) => rig.stateOf(id)));
    const published = states.filter(({ status }) => status === 'published');
    expect(published.map(({ cost }) => cost.actualMicroUsd)).toEqual(published.map(() => 20_000));
    // One that met the end of the budget tells its account, and the others are not begun any more.
    const told = states.flatMap(({ waiting }) => (waiting ? [waiting] : []));
    expect(told.length).toBeGreaterThan(0);
    for (const waiting of told)
      expect(waiting).toMatchObject({ reason: 'credits', cause: 'budget', app: 'default' });
    // What the posts say that they have cost is what X has billed.
    const paid = states.reduce((sum, { cost }) => sum + cost.actualMicroUsd, 0);
    expect(microUsd(rig.sim.ledger().spentUsd)).toBe(paid);
    expect(paid).toBeGreaterThan(0);
    expect(paid).toBeLessThanOrEqual(60_000);
  });
});
