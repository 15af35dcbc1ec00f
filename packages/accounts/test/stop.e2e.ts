import { randomBytes } from 'node:crypto';
import { startStack } from '@slipway/local';
import { createAccountRecords, layOut } from '@slipway/store';
import { eventually } from '@slipway/testkit';
import { Redis } from 'ioredis';
import { test } from 'vitest';
import { createVault, parseKeyRing } from '../src/index.ts';

test('a worker that is told to stop lets a refresh end, and keeps what X answers', async ({ expect }) => {
  const ring = `main:${randomBytes(32).toString('base64')}`;
  const clientId = 'a-client';
  const stack = await startStack({
    settings: {
      SLIPWAY_SECRET_KEYS: ring,
      SLIPWAY_X_CLIENT_ID: clientId,
      SLIPWAY_X_CLIENT_SECRET: 'its-secret',
      SLIPWAY_WORKER_GRACE_MS: '100',
    },
  });
  const redis = new Redis(stack.redisUrl);
  try {
    const app = await stack.sim.addApp({ clientId, clientSecret: 'its-secret' });
    const user = await stack.sim.addUser({ appId: app.id });
    const records = createAccountRecords({ redis, layout: layOut(1), defaultTier: 'unlimited' });
    const vault = createVault({ records, ring: parseKeyRing(ring), now: Date.now });
    const { profile } = await vault.connect({
      username: user.username,
      xUserId: user.id,
      app: clientId,
      scopes: null,
      expiresAt: 1,
      secret: {
        type: 'oauth2',
        accessToken: user.accessToken,
        refreshToken: user.refreshToken ?? null,
      },
    });
    await stack.sim.script({ on: { operation: 'oauth2.token' }, do: { delayMs: 2_000 } });
    await fetch(`${stack.api.url}/v1/posts`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stack.api.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ account: profile.id, text: 'x' }),
    });
    await eventually(async () => (await stack.sim.faults()).some(({ fired }) => fired === 1), {
      describe: 'a refresh under way',
    });
    expect(await stack.workers[0]?.stop(30_000)).toEqual({ code: 0, signal: null });
    expect((await stack.sim.ledger()).requests['oauth2.token']).toEqual({ 200: 1 });
    const secret = await vault.secretOf(profile.id);
    if (secret?.type !== 'oauth2') throw new Error('the secret is gone');
    // The pair that is kept is the one that X gave last: its access token is good.
    const me = await fetch(`${stack.sim.url}/2/users/me`, {
      headers: { authorization: `Bearer ${secret.accessToken}` },
    });
    expect(secret.accessToken).not.toBe(user.accessToken);
    expect(me.status).toBe(200);
  } finally {
    redis.disconnect();
    await stack.stop();
  }
});
