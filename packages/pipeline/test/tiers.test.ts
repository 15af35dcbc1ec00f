import { createXClient } from '@slipway/x-media';
import { startSim } from '@slipway/x-sim';
import { describe, test } from 'vitest';
import { ENDPOINTS, TIERS, knownLimits, limitOverridesSchema, reportsOf } from '../src/core/index.ts';
import { HOUR, MINUTE, T0 } from './fixtures.ts';

describe('the known limits', () => {
  test('are X’s documented ones, by tier', ({ expect }) => {
    const known = knownLimits();
    expect(known.pay_per_use['POST /2/tweets']).toEqual({ app24h: 10_000, user15m: 100, user3h: 300 });
    expect(known.free['POST /2/tweets']).toEqual({ app24h: 17, user24h: 17 });
    expect(known.basic['POST /2/tweets']).toEqual({ app24h: 1_667, user24h: 100 });
    expect(known.basic['POST /2/media/upload/{id}/append']).toEqual({ app24h: 180_000, user15m: 1_875 });
    for (const endpoint of ENDPOINTS) expect(known.unlimited[endpoint]).toEqual({});
    expect(Object.keys(known)).toEqual([...TIERS]);
  });

  test('give way to what is known better', ({ expect }) => {
    const overrides = limitOverridesSchema.parse({
      free: { 'POST /2/tweets': { user24h: 50, app24h: null, user15m: 5 } },
    });
    const known = knownLimits(overrides);
    expect(known.free['POST /2/tweets']).toEqual({ user24h: 50, user15m: 5 });
    expect(known.basic['POST /2/tweets']).toEqual({ app24h: 1_667, user24h: 100 });
    expect(() => limitOverridesSchema.parse({ gold: {} })).toThrow();
    expect(() => limitOverridesSchema.parse({ free: { 'POST /2/tweets': { user24h: 1.5 } } })).toThrow();
  });

  test('have the names that the client has for endpoints', async ({ expect }) => {
    const sim = await startSim({ config: { limits: { mode: 'off' } } });
    const client = createXClient({ baseUrl: sim.url });
    const user = sim.addUser();
    const heard = new Set<string>();
    const x = client.as(
      { type: 'oauth2', accessToken: user.accessToken },
      { onResponse: ({ endpoint }) => heard.add(endpoint) },
    );
    await Promise.allSettled([
      x.posts.create({ text: 'a' }),
      x.media.upload({ media: Buffer.from('a'), mediaCategory: 'tweet_image' }),
      x.media.status({ mediaId: '1' }),
      x.media.initialize({ mediaType: 'video/mp4', mediaCategory: 'tweet_video', totalBytes: 1 }),
      x.media.append({ mediaId: '1', segmentIndex: 0, media: Buffer.from('a') }),
      x.media.finalize({ mediaId: '1' }),
      x.media.setMetadata({ mediaId: '1', altText: 'a' }),
      x.users.timeline({ userId: user.id }),
    ]);
    await client.close();
    await sim.close();
    expect([...heard].toSorted()).toEqual([...ENDPOINTS].toSorted());
  });
});

describe('what an answer says of the limits', () => {
  const rateLimits = {
    window: { limit: 100, remaining: 80, resetAt: T0 + 5 * MINUTE },
    app24h: { limit: 9, remaining: 0, resetAt: T0 + 5 * HOUR },
  };

  test('is told window by window, and shuts none of them by itself', ({ expect }) => {
    expect(reportsOf({ status: 201, rateLimits }, T0)).toEqual({
      blind: false,
      reports: [
        { window: 'user15m', limit: 100, remaining: 80, resetInMs: 5 * MINUTE, shut: false },
        { window: 'app24h', limit: 9, remaining: 0, resetInMs: 5 * HOUR, shut: false },
      ],
    });
  });

  test('with a refusal shuts what is spent', ({ expect }) => {
    const { reports, blind } = reportsOf({ status: 429, rateLimits }, T0);
    expect(reports.map(({ window, shut }) => [window, shut])).toEqual([
      ['user15m', false],
      ['app24h', true],
    ]);
    expect(blind).toBe(false);
    expect(reportsOf({ status: 429, rateLimits: {} }, T0)).toEqual({ reports: [], blind: true });
  });

  test('of a window that is over is nothing', ({ expect }) => {
    const over = { window: { limit: 100, remaining: 0, resetAt: T0 } };
    expect(reportsOf({ status: 429, rateLimits: over }, T0)).toEqual({
      blind: true,
      reports: [{ window: 'user15m', limit: 100, remaining: null, resetInMs: null, shut: false }],
    });
  });
});
