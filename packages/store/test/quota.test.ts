import type { Quota, QuotaCall, Settlement } from '@slipway/pipeline';
import { type Block, type Waiting, knownLimits, microUsd } from '@slipway/pipeline/core';
import { movableClock } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type AppEvent, createQuota, keysOfApp, layOut } from '../src/index.ts';
import { ACCOUNT, type Rig, startRig } from './rig.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const T0 = Date.parse('2026-01-15T12:00:00Z');
const OTHER = 'acct_01jzzzzzzzzzzzzzzzzzzzzzzz';
const PARK_MS = 15 * MINUTE;
const keys = layOut(1).forAccount(ACCOUNT);

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterEach(() => rig.reset());
afterAll(() => rig.stop());

type Options = Partial<Parameters<typeof createQuota>[0]> & { skewMs?: number };

/** Workers on one clock that is moved by hand; each may have a clock of its own that is off. */
function scene(given: Options = {}) {
  const clock = movableClock(T0);
  const events: AppEvent[] = [];
  const troubles: unknown[] = [];
  const worker = ({ skewMs = 0, ...options }: Options = {}): Quota =>
    createQuota({
      redis: rig.redis,
      layout: layOut(1),
      limits: knownLimits(),
      tier: 'pay_per_use',
      appBudgetMicroUsd: null,
      parkMs: PARK_MS,
      now: () => clock.now() + skewMs,
      random: () => 0,
      sharedNow: () => clock.now(),
      onAppEvent: (_app, event) => events.push(event),
      onTrouble: (error) => troubles.push(error),
      ...given,
      ...options,
    });
  const quota = worker();
  const call = (patch: Partial<QuotaCall> = {}): QuotaCall => ({
    accountId: ACCOUNT,
    app: 'app-1',
    endpoint: 'POST /2/tweets',
    costMicroUsd: 0,
    at: clock.now(),
    isLook: false,
    ...patch,
  });
  return {
    clock,
    events,
    troubles,
    quota,
    worker,
    call,
    take: (patch: Partial<QuotaCall> = {}) => quota.take(call(patch)),
    /** Takes until it has to wait; says how often it did not. */
    takeAll: async (
      patch: Partial<QuotaCall> = {},
      most = 400,
    ): Promise<{ taken: number; waiting: Waiting | null }> => {
      for (let taken = 0; taken < most; taken++) {
        const waiting = await quota.take(call(patch));
        if (waiting) return { taken, waiting };
      }
      return { taken: most, waiting: null };
    },
    settle: (answer: Answer | null, patch: Partial<Settlement> = {}, of: Partial<QuotaCall> = {}) =>
      quota.settle(call(of), {
        outcome: 'done',
        answer: answer && answerOf(answer),
        appRefusal: null,
        ...patch,
      }),
  };
}

interface Answer {
  status?: number;
  date?: number;
  window?: [limit: number, remaining: number, resetAt?: number];
  user24h?: [limit: number, remaining: number, resetAt?: number];
  app24h?: [limit: number, remaining: number, resetAt?: number];
}

function answerOf({ status = 201, date, ...limits }: Answer): NonNullable<Settlement['answer']> {
  const rateLimits = Object.fromEntries(
    Object.entries(limits).map(([name, [limit, remaining, resetAt]]) => [
      name,
      { limit, remaining, ...(resetAt !== undefined && { resetAt }) },
    ]),
  );
  return { endpoint: 'POST /2/tweets', status, rateLimits, ...(date !== undefined && { date }) };
}

describe('the limits of a tier', () => {
  test('are kept before X has said anything, in every window that the call counts in', async ({ expect }) => {
    const { takeAll, clock } = scene();
    const first = await takeAll();
    expect(first.taken).toBe(100);
    expect(first.waiting).toEqual({
      reason: 'rate_limit',
      until: T0 + 15 * MINUTE + SECOND,
      detail: "X's limit of 100 calls is used up: POST /2/tweets, in 15 minutes, for the account.",
    });
    clock.advance(15 * MINUTE);
    expect((await takeAll()).taken).toBe(100);
    clock.advance(15 * MINUTE);
    expect((await takeAll()).taken).toBe(100);
    clock.advance(15 * MINUTE);
    // 300 in 3 hours, which no header of X shows.
    const fourth = await takeAll();
    expect(fourth.taken).toBe(0);
    expect(fourth.waiting?.until).toBe(T0 + 3 * HOUR + SECOND);
    clock.advance(3 * HOUR);
    expect((await takeAll()).taken).toBe(100);
  });

  test('are those of the account where it has a tier of its own', async ({ expect }) => {
    const { takeAll } = scene({ tier: 'unlimited' });
    await rig.redis.hset(keys.account + ACCOUNT, 'settings', JSON.stringify({ tier: 'free' }));
    expect((await takeAll()).taken).toBe(17);
    expect((await takeAll({ accountId: OTHER })).taken).toBe(400);
  });

  test('may be known better', async ({ expect }) => {
    const overrides = { pay_per_use: { 'POST /2/tweets': { user15m: 5, user3h: null } } };
    const { takeAll } = scene({ limits: knownLimits(overrides) });
    expect((await takeAll()).taken).toBe(5);
  });

  test('are shared by all workers, whatever they do at once', async ({ expect }) => {
    const { worker, call } = scene();
    const workers = [worker(), worker(), worker(), worker()];
    const takes = workers.flatMap((each) => Array.from({ length: 50 }, () => each.take(call())));
    const waitings = await Promise.all(takes);
    expect(waitings.filter((waiting) => waiting === null)).toHaveLength(100);
  });

  test('of an app hold up all its accounts, and nobody else; what was taken of an account is given back', async ({
    expect,
  }) => {
    const overrides = { pay_per_use: { 'POST /2/tweets': { app24h: 3 } } };
    const { take, clock } = scene({ limits: knownLimits(overrides) });
    for (const accountId of [ACCOUNT, OTHER, ACCOUNT]) expect(await take({ accountId })).toBeNull();
    const denied = await take();
    expect(denied).toMatchObject({ reason: 'rate_limit', until: T0 + 24 * HOUR + SECOND });
    expect(denied?.detail).toMatch(/3 calls.*in 24 hours, for the app/);
    expect(await take({ accountId: OTHER })).toMatchObject({ reason: 'rate_limit' });
    expect(await take({ app: 'app-2' })).toBeNull();
    const fields = await rig.redis.hgetall(keys.limitsOf(ACCOUNT));
    expect(fields['POST /2/tweets 15m']?.split(' ')[1]).toBe('3');
    clock.advance(24 * HOUR);
    expect(await take()).toBeNull();
  });

  test('leave nothing behind for good', async ({ expect }) => {
    const { take, settle } = scene();
    await take({ costMicroUsd: 1 });
    await settle({ window: [100, 99, T0 + MINUTE], app24h: [100, 9, T0 + HOUR] });
    const names = (await rig.redis.keys('*')).filter((name) => !name.endsWith(':events'));
    expect(names).toHaveLength(4);
    for (const name of names) expect(await rig.redis.pttl(name), name).toBeGreaterThan(0);
  });
});

describe('what X says', () => {
  test('counts for more than the tier, both ways', async ({ expect }) => {
    const low = scene();
    await low.take();
    await low.settle({ window: [10, 9, T0 + 10 * MINUTE] });
    expect(await low.takeAll()).toMatchObject({ taken: 9, waiting: { until: T0 + 10 * MINUTE + SECOND } });
    const high = scene({ limits: knownLimits({ pay_per_use: { 'POST /2/tweets': { user3h: null } } }) });
    await high.take({ accountId: OTHER });
    await high.settle({ window: [200, 199, T0 + 10 * MINUTE] }, {}, { accountId: OTHER });
    expect((await high.takeAll({ accountId: OTHER })).taken).toBe(199);
  });

  test('counts calls of others with the same account', async ({ expect }) => {
    const { take, takeAll, settle } = scene();
    await take();
    await settle({ window: [100, 60, T0 + 10 * MINUTE] });
    expect((await takeAll()).taken).toBe(60);
  });

  test('raises nothing when answers come out of order, and calls under way stay counted', async ({
    expect,
  }) => {
    const { take, takeAll, settle } = scene();
    const resetAt = T0 + 10 * MINUTE;
    for (let each = 0; each < 6; each++) await take();
    // X has counted six; the answer to the last one is here first.
    await settle({ window: [10, 4, resetAt] });
    await settle({ window: [10, 9, resetAt] });
    await settle({ window: [10, 7, resetAt] });
    expect((await takeAll()).taken).toBe(4);
  });

  test.for(['pay_per_use', 'unlimited'] as const)(
    'neither counts calls under way twice nor forgets them: %s',
    async (tier, { expect }) => {
      const { take, takeAll, settle } = scene({ tier });
      const resetAt = T0 + 10 * MINUTE;
      for (let each = 0; each < 8; each++) await take();
      // The first answer that comes may be to any of the eight.
      await settle({ window: [10, 9, resetAt] });
      expect((await takeAll()).taken).toBe(2);
    },
  );

  test('of a window that is over says nothing of the present one', async ({ expect }) => {
    const { take, takeAll, settle, clock } = scene();
    await take();
    await settle({ window: [100, 1, T0 + 10 * MINUTE] });
    clock.advance(10 * MINUTE);
    await take();
    await settle({ window: [100, 99, clock.now() + 15 * MINUTE] });
    // An answer that was long under way, and one whose window has passed.
    await settle({ window: [100, 0, T0 + 10 * MINUTE] });
    clock.advance(2 * MINUTE);
    await settle({ window: [100, 0, clock.now() + MINUTE] });
    expect((await takeAll()).taken).toBe(99);
  });

  test('begins a new window where X has begun one', async ({ expect }) => {
    const { take, takeAll, settle, clock } = scene();
    await take();
    await settle({ window: [100, 0, T0 + 10 * MINUTE] });
    expect(await take()).toMatchObject({ until: T0 + 10 * MINUTE + SECOND });
    clock.advance(9 * MINUTE);
    await settle({ window: [100, 98, clock.now() + 15 * MINUTE] });
    expect((await takeAll()).taken).toBe(98);
  });

  test('of a day counts, with plenty left in the quarter of an hour', async ({ expect }) => {
    const { take, settle } = scene();
    await take();
    await settle({ window: [100, 99, T0 + 10 * MINUTE], user24h: [17, 0, T0 + 20 * HOUR] });
    expect(await take()).toMatchObject({ reason: 'rate_limit', until: T0 + 20 * HOUR + SECOND });
  });

  test('may be missing, or half there', async ({ expect }) => {
    const { take, takeAll, settle, troubles } = scene();
    await take();
    await settle(null, { outcome: 'unknown' });
    await settle({});
    await settle({ window: [100, 60] });
    expect((await takeAll()).taken).toBe(60);
    expect(troubles).toEqual([]);
  });

  test('is spread among those who wait', async ({ expect }) => {
    const { takeAll, worker, call } = scene();
    await takeAll();
    const late = await worker({ random: () => 0.999_999 }).take(call());
    expect(late?.until).toBe(T0 + 15 * MINUTE + 5 * SECOND);
  });
});

describe('a 429', () => {
  const refused = { outcome: 'refused' } as const;

  test('shuts the window that is spent, for all workers, of that account only', async ({ expect }) => {
    const { take, settle, worker, call } = scene();
    await take();
    await settle({ status: 429, window: [100, 0, T0 + 5 * MINUTE] }, refused);
    const until = T0 + 5 * MINUTE + SECOND;
    expect(await worker().take(call())).toMatchObject({ reason: 'rate_limit', until });
    expect(await take({ accountId: OTHER })).toBeNull();
    expect(await take({ endpoint: 'POST /2/media/upload' })).toBeNull();
  });

  test('that names none shuts the quarter of an hour', async ({ expect }) => {
    const { take, settle } = scene();
    await take();
    await settle({ status: 429, window: [100, 80, T0 + 5 * MINUTE] }, refused);
    expect(await take()).toMatchObject({ until: T0 + 5 * MINUTE + SECOND });
  });

  test("of the app's day moves the app, and not the account", async ({ expect }) => {
    const { take, settle } = scene();
    await take();
    await settle({ status: 429, window: [100, 80, T0 + MINUTE], app24h: [9, 0, T0 + 5 * HOUR] }, refused);
    expect(await take({ accountId: OTHER })).toMatchObject({ until: T0 + 5 * HOUR + SECOND });
    expect(await take({ app: 'app-2' })).toBeNull();
  });

  test.for<[string, Answer]>([
    ['without a word', { status: 429 }],
    ['with a reset that has passed', { status: 429, window: [100, 0, T0 - MINUTE] }],
  ])('%s is waited out for a minute or more, longer each time', async ([, answer], { expect }) => {
    const { take, settle, clock } = scene();
    const waits: number[] = [];
    for (let times = 0; times < 6; times++) {
      expect(await take()).toBeNull();
      await settle({ ...answer }, refused);
      const waiting = await take();
      waits.push(((waiting?.until ?? 0) - SECOND - clock.now()) / MINUTE);
      clock.advance((waiting?.until ?? 0) - clock.now());
    }
    expect(waits.map((minutes) => Math.round(minutes * 10) / 10)).toEqual([1.1, 1.2, 1.4, 1.8, 2.4, 2.4]);
    expect(await take()).toBeNull();
    await settle({});
    await settle({ ...answer }, refused);
    expect(((await take())?.until ?? 0) - SECOND - clock.now()).toBe(1.1 * MINUTE);
  });

  test.for([-5 * MINUTE, 5 * MINUTE])(
    'is waited out rightly by a worker whose clock is %i ms off',
    async (skewMs, { expect }) => {
      const { worker, call, clock, take } = scene();
      const skewed = worker({ skewMs });
      await skewed.take(call());
      const answer = answerOf({ status: 429, date: T0, window: [100, 0, T0 + 4 * MINUTE] });
      await skewed.settle(call(), { ...refused, answer, appRefusal: null });
      // Each is told by its own clock, and both wait for the same instant.
      expect((await skewed.take(call()))?.until).toBe(T0 + skewMs + 4 * MINUTE + SECOND);
      expect((await take())?.until).toBe(T0 + 4 * MINUTE + SECOND);
      clock.advance(4 * MINUTE);
      expect(await skewed.take(call())).toBeNull();
    },
  );

  test.for([-5 * MINUTE, 5 * MINUTE])(
    'of an X whose clock is %i ms off neither spins nor waits too long',
    async (skewMs, { expect }) => {
      const { take, settle } = scene();
      await take();
      await settle({ status: 429, window: [100, 0, T0 + skewMs + 4 * MINUTE] }, refused);
      const waitMs = ((await take())?.until ?? 0) - T0;
      expect(waitMs).toBeGreaterThanOrEqual(MINUTE);
      expect(waitMs).toBeLessThanOrEqual(15 * MINUTE + 5 * SECOND);
    },
  );

  test('is never waited out for longer than the window is', async ({ expect }) => {
    const { take, settle } = scene();
    await take();
    await settle({ status: 429, window: [100, 0, T0 + 40 * 24 * HOUR] }, refused);
    expect((await take())?.until).toBe(T0 + 15 * MINUTE + SECOND);
  });
});

describe('a call that X has not seen', () => {
  test('counts for nothing', async ({ expect }) => {
    const { take, takeAll, settle } = scene();
    await take();
    await settle(null, { outcome: 'not_sent' });
    expect((await takeAll()).taken).toBe(100);
  });
});

describe('a block of the account', () => {
  const block: Block = { cause: 'needs_reconnect', since: T0, until: null, detail: 'Connect it again.' };
  const put = (blocks: object) => rig.redis.hset(keys.blocks, ACCOUNT, JSON.stringify(blocks));

  test('keeps it from every call, but that which looks whether a post is there', async ({ expect }) => {
    const { take } = scene();
    await put({ block });
    expect(await take()).toEqual({
      reason: 'account',
      cause: 'needs_reconnect',
      until: null,
      detail: 'Connect it again.',
    });
    expect(await take({ isLook: true, endpoint: 'GET /2/users/{id}/tweets' })).toBeNull();
    expect(await take({ accountId: OTHER })).toBeNull();
    const paused: Block = { ...block, cause: 'paused', detail: 'On leave.' };
    await put({ paused, block });
    expect(await take()).toMatchObject({ reason: 'paused', cause: 'paused', detail: 'On leave.' });
    await put({ paused: null, block: null });
    expect(await take()).toBeNull();
  });

  test('ends when it says, by the clock of Redis', async ({ expect }) => {
    const { take, clock, worker, call } = scene();
    await put({ paused: null, block: { ...block, cause: 'unauthorized', until: T0 + MINUTE } });
    expect(await take()).toMatchObject({ until: T0 + MINUTE });
    expect(await worker({ skewMs: HOUR }).take(call())).toMatchObject({ until: T0 + HOUR + MINUTE });
    clock.advance(MINUTE);
    expect(await take()).toBeNull();
  });
});

describe('an app that X refuses', () => {
  const appRefusal = { cause: 'credits', detail: 'No credits.' } as const;

  test('is parked for all its accounts, once, until one call finds that it goes on', async ({ expect }) => {
    const { take, settle, events, clock } = scene();
    await take();
    await take({ accountId: OTHER });
    await settle({ status: 402 }, { outcome: 'refused', appRefusal });
    await settle({ status: 402 }, { outcome: 'refused', appRefusal }, { accountId: OTHER });
    const parked = {
      reason: 'credits',
      cause: 'credits',
      until: T0 + PARK_MS,
      detail: 'No credits.',
      app: 'app-1',
    };
    for (const accountId of [ACCOUNT, OTHER]) expect(await take({ accountId })).toEqual(parked);
    expect(await take({ app: 'app-2' })).toBeNull();
    expect(events).toEqual([
      { type: 'app.parked', at: T0, data: { cause: 'credits', until: T0 + PARK_MS, detail: 'No credits.' } },
    ]);

    clock.advance(PARK_MS);
    const probes = await Promise.all([take(), take({ accountId: OTHER }), take()]);
    expect(probes.filter((waiting) => waiting === null)).toHaveLength(1);
    expect(probes.find((waiting) => waiting !== null)).toMatchObject({ until: clock.now() + MINUTE });
    await settle({ status: 402 }, { outcome: 'refused', appRefusal });
    expect(await take()).toMatchObject({ until: clock.now() + PARK_MS });

    clock.advance(PARK_MS);
    expect(await take()).toBeNull();
    await settle({});
    expect(await take({ accountId: OTHER })).toBeNull();
    expect(events.slice(1)).toEqual([
      { type: 'app.released', at: clock.now(), data: { cause: 'credits', by: 'x' } },
    ]);
    const told = await rig.redis.xrange(keys.events, '-', '+');
    expect(told.map(([, fields]) => [fields[0], fields[1], JSON.parse(fields[3] ?? '')])).toEqual(
      events.map((event) => ['app', 'app-1', event]),
    );
  });

  test('is not let go by an answer to a call from before', async ({ expect }) => {
    const { take, settle } = scene();
    await take();
    await take();
    await settle({ status: 402 }, { outcome: 'refused', appRefusal });
    await settle({});
    expect(await take()).toMatchObject({ cause: 'credits' });
  });

  test('has another call find out, where the first one never tells', async ({ expect }) => {
    const { take, settle, clock } = scene();
    await take();
    await settle({ status: 402 }, { outcome: 'refused', appRefusal });
    clock.advance(PARK_MS);
    expect(await take()).toBeNull();
    expect(await take()).toMatchObject({ until: clock.now() + MINUTE });
    clock.advance(MINUTE);
    expect(await take()).toBeNull();
  });

  test('has a name that cannot lead to another slot', ({ expect }) => {
    expect(keysOfApp('a}b{c').park).toBe('{slipway-app:a%7Db%7Bc}:park');
  });
});

describe('a budget', () => {
  const COST = microUsd(0.015);
  const monthEnd = Date.parse('2026-02-01T00:00:00Z');
  const budget = (usd: number) =>
    rig.redis.hset(keys.account + ACCOUNT, 'settings', JSON.stringify({ tier: null, monthlyBudgetUsd: usd }));

  test('for ten posts is spent by exactly ten of fifty at once', async ({ expect }) => {
    const { worker, call } = scene();
    await budget(0.15);
    const takes = [worker(), worker()].flatMap((each) =>
      Array.from({ length: 25 }, () => each.take(call({ costMicroUsd: COST }))),
    );
    const waitings = await Promise.all(takes);
    expect(waitings.filter((waiting) => waiting === null)).toHaveLength(10);
    expect(waitings.find((waiting) => waiting !== null)).toEqual({
      reason: 'credits',
      cause: 'budget',
      until: monthEnd,
      detail:
        "0.15 of this month's budget of 0.15 USD for the account are spent, and 0.015 more would exceed it. Raise it, or wait for the next month.",
    });
    expect(await rig.redis.get(keys.spentOf(ACCOUNT, '2026-01'))).toBe('150000');
    // The app has paid for what was posted, and for nothing else.
    expect(await rig.redis.get(keysOfApp('app-1').spentIn('2026-01'))).toBe('150000');
  });

  test('of an app is shared by its accounts', async ({ expect }) => {
    const { call, worker } = scene({ appBudgetMicroUsd: 10 * COST });
    const quota = worker();
    const takes = Array.from({ length: 50 }, (_, n) =>
      quota.take(call({ costMicroUsd: COST, accountId: n % 2 === 0 ? ACCOUNT : OTHER })),
    );
    expect((await Promise.all(takes)).filter((waiting) => waiting === null)).toHaveLength(10);
    const spent = await Promise.all([ACCOUNT, OTHER].map((id) => rig.redis.get(keys.spentOf(id, '2026-01'))));
    expect(spent.reduce((sum, each) => sum + Number(each), 0)).toBe(10 * COST);
  });

  test('has back what X refused or never saw, and not what it may have done', async ({ expect }) => {
    const { take, settle } = scene();
    await budget(0.03);
    const cost = { costMicroUsd: COST };
    await take(cost);
    await settle({ status: 403 }, { outcome: 'refused' }, cost);
    await take(cost);
    await settle(null, { outcome: 'not_sent' }, cost);
    expect(await rig.redis.get(keys.spentOf(ACCOUNT, '2026-01'))).toBe('0');
    await take(cost);
    await settle(null, { outcome: 'unknown' }, cost);
    await take(cost);
    await settle({}, {}, cost);
    expect(await take(cost)).toMatchObject({ cause: 'budget' });
  });

  test('is there again when it is raised, and in the next month', async ({ expect }) => {
    const { take, clock } = scene();
    const cost = { costMicroUsd: COST };
    await budget(0.015);
    await take(cost);
    expect(await take(cost)).toMatchObject({ cause: 'budget' });
    await budget(0.03);
    expect(await take(cost)).toBeNull();
    expect(await take(cost)).toMatchObject({ cause: 'budget' });
    clock.advance(monthEnd - clock.now());
    expect(await take(cost)).toBeNull();
  });

  test('is nothing to what costs nothing, nor to a look', async ({ expect }) => {
    const { take } = scene({ appBudgetMicroUsd: 0 });
    await budget(0);
    expect(await take()).toBeNull();
    expect(await take({ costMicroUsd: COST, isLook: true })).toBeNull();
    expect(await take({ costMicroUsd: COST })).toMatchObject({ cause: 'budget' });
  });
});

test('workers agree on the time by the clock of Redis', async ({ expect }) => {
  const quotaAt = (offMs: number): Quota =>
    createQuota({
      redis: rig.redis,
      layout: layOut(1),
      limits: knownLimits({ pay_per_use: { 'POST /2/tweets': { user15m: 1 } } }),
      tier: 'pay_per_use',
      appBudgetMicroUsd: null,
      parkMs: PARK_MS,
      now: () => Date.now() + offMs,
      random: () => 0,
      onTrouble: () => undefined,
    });
  const call: QuotaCall = {
    accountId: ACCOUNT,
    app: 'a',
    endpoint: 'POST /2/tweets',
    costMicroUsd: 0,
    at: Date.now(),
    isLook: false,
  };
  expect(await quotaAt(0).take(call)).toBeNull();
  for (const offMs of [-5 * MINUTE, 0, 5 * MINUTE]) {
    const waiting = await quotaAt(offMs).take(call);
    const waitMs = (waiting?.until ?? 0) - (Date.now() + offMs);
    expect(waitMs).toBeGreaterThan(14 * MINUTE);
    expect(waitMs).toBeLessThanOrEqual(15 * MINUTE + SECOND);
  }
});
