import { createQuota, layOut } from '@slipway/store';
import { knownLimits, microUsd } from '@slipway/pipeline/core';
import type { QuotaCall } from '@slipway/pipeline';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ACCOUNT, type ApiUnderTest, startApi } from './start-api.ts';

let api: ApiUnderTest;
let redis: Redis;
beforeAll(async () => {
  api = await startApi({ deps: { appBudgetMicroUsd: microUsd(50) } });
  redis = new Redis(api.redis.url);
});
afterAll(async () => {
  redis.disconnect();
  await api.stop();
});

const quota = () =>
  createQuota({
    redis,
    layout: layOut(1),
    limits: knownLimits(),
    tier: 'pay_per_use',
    appBudgetMicroUsd: null,
    parkMs: 900_000,
    now: Date.now,
    random: () => 0,
    onTrouble: (error) => {
      throw error;
    },
  });
const call = (): QuotaCall => ({
  accountId: ACCOUNT,
  app: 'default',
  endpoint: 'POST /2/tweets',
  costMicroUsd: microUsd(0.2),
  at: Date.now(),
  isLook: false,
});
const answered = (status: number, remaining: number) => ({
  endpoint: 'POST /2/tweets',
  status,
  rateLimits: { window: { limit: 50, remaining, resetAt: Date.now() + 300_000 } },
});
// oxlint-disable-next-line typescript/no-explicit-any -- the contract check has seen it
const windowOf = (owner: any, window: string) =>
  owner.windows.find(
    (each: { endpoint: string; window: string }) =>
      each.endpoint === 'POST /2/tweets' && each.window === window,
  );

describe('the limits', () => {
  test('are those that are known, until X says better', async ({ expect }) => {
    const { status, body } = await api.ask(`/v1/limits?account=${ACCOUNT}`);
    expect(status).toBe(200);
    const [account] = body.accounts;
    expect(account).toMatchObject({ id: ACCOUNT, app: 'default', tier: null, spentUsd: 0, budgetUsd: null });
    expect(windowOf(account, 'user15m')).toEqual({
      endpoint: 'POST /2/tweets',
      window: 'user15m',
      limit: 100,
      remaining: 100,
      resetAt: null,
      source: 'known',
    });
    expect(body.apps).toHaveLength(1);
    expect(body.apps[0]).toMatchObject({ app: 'default', parked: null, spentUsd: 0, budgetUsd: 50 });
    expect(windowOf(body.apps[0], 'app24h')).toMatchObject({ limit: 10_000, source: 'known' });

    await quota().take(call());
    await quota().settle(call(), { outcome: 'done', answer: answered(201, 49), appRefusal: null });
    await quota().take(call());
    const after = (await api.ask(`/v1/limits?account=${ACCOUNT}`)).body;
    expect(windowOf(after.accounts[0], 'user15m')).toMatchObject({ limit: 50, remaining: 48, source: 'x' });
    const resetInMs = Date.parse(windowOf(after.accounts[0], 'user15m').resetAt) - Date.now();
    expect(resetInMs).toBeGreaterThan(290_000);
    expect(resetInMs).toBeLessThanOrEqual(300_000);
    expect(windowOf(after.accounts[0], 'user3h')).toMatchObject({ limit: 300, remaining: 298 });
    expect(windowOf(after.apps[0], 'app24h')).toMatchObject({ remaining: 9_998 });
    expect([after.accounts[0].spentUsd, after.apps[0].spentUsd]).toEqual([0.4, 0.4]);
    const { windows, spentUsd } = after.accounts[0];
    expect((await api.ask(`/v1/accounts/${ACCOUNT}`)).body.limits).toEqual({ windows, spentUsd });
  });

  test('tell of a refusal that names no limit', async ({ expect }) => {
    const at = { ...call(), endpoint: 'GET /2/media/upload' } as const;
    await quota().take(at);
    const answer = { endpoint: at.endpoint, status: 429, rateLimits: {} };
    await quota().settle(at, { outcome: 'refused', answer, appRefusal: null });
    const { body } = await api.ask(`/v1/limits?account=${ACCOUNT}`);
    expect(body.accounts[0].windows).toContainEqual({
      endpoint: 'GET /2/media/upload',
      window: 'user15m',
      limit: 1000,
      remaining: 0,
      resetAt: expect.any(String),
      source: 'x',
    });
  });

  test('come page by page, and of one account', async ({ expect }) => {
    const all = (await api.ask('/v1/limits?limit=100')).body.accounts.map(({ id }: { id: string }) => id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const at: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await api.ask(`/v1/limits?limit=1${at}`);
      seen.push(...body.accounts.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);
    expect(await api.ask('/v1/limits?account=@nobody')).toMatchObject({
      status: 404,
      body: { code: 'account_not_found' },
    });
    expect(await api.ask('/v1/limits?cursor=x')).toMatchObject({ status: 400 });
  });
});

describe('an app that X refuses', () => {
  test('is shown, and goes on by one action, with the accounts that were blocked for its sake', async ({
    expect,
  }) => {
    const appRefusal = { cause: 'credits', detail: 'No credits.' } as const;
    await quota().take(call());
    await quota().settle(call(), { outcome: 'refused', answer: answered(402, 48), appRefusal });
    const { body } = await api.ask('/v1/limits');
    expect(body.apps[0].parked).toMatchObject({ cause: 'credits', detail: 'No credits.' });
    expect(await quota().take(call())).toMatchObject({ cause: 'credits' });
    const waiting = { health: 'waiting', blocks: [{ ...appRefusal, app: 'default' }] };
    expect((await api.ask(`/v1/accounts/${ACCOUNT}`)).body).toMatchObject(waiting);
    const block = { ...appRefusal, since: Date.now(), until: Date.now() + 900_000, app: 'default' };
    await api.blocks.block(ACCOUNT, block);
    expect((await api.ask(`/v1/accounts/${ACCOUNT}`)).body).toMatchObject(waiting);

    const released = await api.ask('/v1/apps/default/release', { method: 'POST' });
    expect(released).toMatchObject({
      status: 200,
      body: { app: 'default', parked: null, released: true, accountsReleased: 1 },
    });
    expect(await quota().take(call())).toBeNull();
    expect((await api.ask(`/v1/accounts/${ACCOUNT}`)).body).toMatchObject({ health: 'active', blocks: [] });
    const again = await api.ask('/v1/apps/default/release', { method: 'POST' });
    expect(again.body).toMatchObject({ released: false, accountsReleased: 0 });
  });

  test('may have any name', async ({ expect }) => {
    const answer = await api.ask(`/v1/apps/${encodeURIComponent('a}/{b c')}/release`, { method: 'POST' });
    expect(answer).toMatchObject({ status: 200, body: { app: 'a}/{b c', released: false } });
  });
});

describe('the cost of a post', () => {
  test.for([
    ['hello', 0.015],
    ['see https://example.com', 0.2],
  ] as const)('is estimated when it is accepted: %s', async ([text, estimatedUsd], { expect }) => {
    const { body } = await api.ask('/v1/posts', { method: 'POST', body: { account: ACCOUNT, text } });
    expect(body.cost).toEqual({ estimatedUsd, actualUsd: 0 });
    const edited = await api.ask(`/v1/posts/${body.id}`, {
      method: 'PATCH',
      body: { text: 'at example.org' },
    });
    expect(edited.body.cost).toEqual({ estimatedUsd: 0.2, actualUsd: 0 });
  });
});
