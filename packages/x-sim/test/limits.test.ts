import { describe, test } from 'vitest';
import { startCheckedSim } from './checked-sim.ts';

const QUARTER_HOUR_MS = 900_000;

const limitsOf = (headers: Headers) =>
  [...headers]
    .filter(([name]) => name.includes('limit'))
    .map(([name, value]) => [name, Number(value)] as const);

describe('limits', () => {
  test('come with every answer under the documented numbers', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    sim.clock.freeze();
    const resetAt = (ms: number) => Math.ceil((sim.clock.now() + ms) / 1000);
    const { headers } = await x.post({ text: 'a' });
    expect(Object.fromEntries(limitsOf(headers))).toEqual({
      'x-rate-limit-limit': 100,
      'x-rate-limit-remaining': 99,
      'x-rate-limit-reset': resetAt(QUARTER_HOUR_MS),
      'x-app-limit-24hour-limit': 10_000,
      'x-app-limit-24hour-remaining': 9999,
      'x-app-limit-24hour-reset': resetAt(86_400_000),
    });
    const failed = await x.post({});
    expect(failed.headers.get('x-rate-limit-remaining')).toBe('98');
    const timeline = await x.timeline('1');
    expect(timeline.headers.get('x-rate-limit-limit')).toBe('900');
  });

  test('are each user’s own, and each app’s', async ({ expect }) => {
    await using checked = await startCheckedSim({
      config: { limits: { overrides: { 'users.me': { user15m: 1, app24h: 3 } } } },
    });
    const { x, sim, join } = checked;
    const statusOf = async (client: typeof x) => (await client.request('GET', '/2/users/me')).status;
    expect([await statusOf(x), await statusOf(x)]).toEqual([200, 429]);
    const second = join();
    expect(await statusOf(second.x)).toBe(200);
    expect(await statusOf(join().x)).toBe(429);
    const elsewhere = join({ appId: sim.addApp().id });
    expect(await statusOf(elsewhere.x)).toBe(200);
  });

  test('300 posts in three hours bind without a header', async ({ expect }) => {
    await using checked = await startCheckedSim({
      config: { limits: { overrides: { 'posts.create': { user15m: 2, user3h: 3 } } } },
    });
    const { x, sim } = checked;
    const statuses: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      for (let call = 0; call < 2; call += 1)
        statuses.push((await x.post({ text: `${round} ${call}` })).status);
      sim.clock.advance(QUARTER_HOUR_MS);
    }
    expect(statuses).toEqual([201, 201, 201, 429]);
    const { headers } = await x.post({ text: 'still' });
    expect(headers.get('x-rate-limit-remaining')).not.toBe('0');
    sim.clock.advance(3 * 3_600_000);
    expect((await x.post({ text: 'later' })).status).toBe(201);
  });

  test('can be silent, or off', async ({ expect }) => {
    await using checked = await startCheckedSim({
      config: { limits: { headers: 'missing', overrides: { 'users.me': { user15m: 1 } } } },
    });
    const { x, sim } = checked;
    const call = () => x.request('GET', '/2/users/me');
    expect(limitsOf((await call()).headers)).toEqual([]);
    const refused = await call();
    expect([refused.status, limitsOf(refused.headers)]).toEqual([429, []]);
    sim.configure({ limits: { mode: 'off' } });
    expect((await call()).status).toBe(200);
  });
});

test('posts with a link cost more than those without', async ({ expect }) => {
  await using checked = await startCheckedSim({ config: { creditsUsd: 100 } });
  const { x, sim } = checked;
  await x.post({ text: 'plain' });
  await x.post({ text: 'with https://example.com' });
  await x.post({});
  expect(sim.ledger().spentUsd).toBeCloseTo(0.215);
});
