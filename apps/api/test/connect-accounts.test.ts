import { eventually } from '@slipway/testkit';
import type { SimApp } from '@slipway/x-sim';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { OTHER_KEY, OWN_PAGE, THEIR_PAGE, startConnectRig, type ConnectRig } from './connect-rig.ts';

let rig: ConnectRig;

beforeAll(async () => {
  rig = await startConnectRig();
});
afterAll(() => rig.stop());

const tokenCalls = (): number =>
  Object.values(rig.sim.ledger().requests['oauth2.token'] ?? {}).reduce((sum, count) => sum + count, 0);

describe('an attempt to connect an account', () => {
  test('asks X for all that posting takes, and shows no secret', async ({ expect }) => {
    const before = Date.now();
    const begun = await rig.begin();
    expect(begun.status).toBe(200);
    const url = new URL(begun.body.authorizeUrl);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: rig.simApp.clientId,
      redirect_uri: OWN_PAGE,
      scope: 'tweet.read tweet.write users.read media.write offline.access',
      state: begun.body.state,
      code_challenge_method: 'S256',
    });
    const lifeMs = Date.parse(begun.body.expiresAt) - before;
    expect(lifeMs).toBeGreaterThan(595_000);
    expect(lifeMs).toBeLessThan(605_000);
    expect(await rig.api.dumpOfRedis()).not.toContain(begun.body.state);
  });

  test('that a browser ends connects the account, and says so in a page', async ({ expect }) => {
    const user = rig.addUser({ username: 'harbour' });
    const page = await rig.connect(user);
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(page.body).toContain('@harbour is connected');

    const account = await rig.api.ask('/v1/accounts/@Harbour');
    expect(account.body).toMatchObject({
      username: 'harbour',
      xUserId: user.id,
      via: 'oauth2',
      app: rig.simApp.clientId,
      scopes: ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'],
      refreshable: true,
      health: 'active',
      blocks: [],
    });
    const lifeMs = Date.parse(account.body.tokenExpiresAt) - Date.now();
    expect(lifeMs).toBeGreaterThan(7_100_000);
    expect(lifeMs).toBeLessThanOrEqual(7_200_000);
  });

  test("that a caller's own page ends connects the account", async ({ expect }) => {
    const user = rig.addUser({ username: 'quay' });
    const begun = await rig.begin({ redirectUri: THEIR_PAGE });
    const query = await rig.authorize(begun.body.authorizeUrl, user);
    const body = { state: query.get('state'), code: query.get('code') };
    const account = await rig.api.ask('/v1/accounts/callback', { method: 'POST', body });
    expect(account).toMatchObject({ status: 200, body: { username: 'quay', xUserId: user.id } });
  });

  test('of an account that is connected already gives it new tokens, and leaves the rest as it is', async ({
    expect,
  }) => {
    const user = rig.addUser({ username: 'again' });
    await rig.connect(user);
    const { body: first } = await rig.api.ask('/v1/accounts/@again', {
      method: 'PATCH',
      body: { weight: 7, paused: true },
    });
    await rig.connect(user);
    const { body: second } = await rig.api.ask('/v1/accounts/@again');
    expect(second).toMatchObject({ id: first.id, weight: 7, paused: true, health: 'paused' });
    expect(Date.parse(second.connectedAt)).toBeGreaterThanOrEqual(Date.parse(first.connectedAt));
  });

  test('that the person says no to ends with a page, and is over', async ({ expect }) => {
    const begun = await rig.begin();
    const query = await rig.authorize(begun.body.authorizeUrl, null);
    expect(query.get('error')).toBe('access_denied');
    const page = await rig.comeBack(query);
    expect(page.status).toBe(409);
    expect(page.body).toContain('The app was not authorized on X.');
    const later = await rig.comeBack({ state: begun.body.state, code: 'x' });
    expect(later.body).toContain('is not open');
  });
});

describe('what X sends back', () => {
  test('is used once, by whoever comes first', async ({ expect }) => {
    const user = rig.addUser();
    const begun = await rig.begin();
    const query = await rig.authorize(begun.body.authorizeUrl, user);
    const before = tokenCalls();
    const pages = await Promise.all(Array.from({ length: 5 }, () => rig.comeBack(query)));
    expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(pages.filter(({ status }) => status === 409)).toHaveLength(4);
    const later = await rig.comeBack(query);
    expect(later.status).toBe(409);
    expect(later.body).toContain('begin again');
    expect(tokenCalls() - before).toBe(1);
  });

  test.for([
    ['unknown', () => ({ state: 'nobody-gave-this-out', code: 'x' })],
    ['missing', () => ({ code: 'x' })],
  ] as const)('is refused when its state is %s', async ([, query], { expect }) => {
    const before = tokenCalls();
    const page = await rig.comeBack({ ...query() });
    expect(page.status).toBe(409);
    expect(page.body).toContain('This attempt to connect an account is not open.');
    expect(tokenCalls()).toBe(before);
  });

  test('is refused when the attempt is too old', async ({ expect }) => {
    const user = rig.addUser();
    const begun = await rig.begin();
    const query = await rig.authorize(begun.body.authorizeUrl, user);
    await rig.api.expire('*:connecting:*');
    expect((await rig.comeBack(query)).status).toBe(409);
  });

  test('is refused from another caller, and then from everybody', async ({ expect }) => {
    const user = rig.addUser();
    const begun = await rig.begin({ redirectUri: THEIR_PAGE });
    const query = await rig.authorize(begun.body.authorizeUrl, user);
    const body = { state: query.get('state'), code: query.get('code') };
    const before = tokenCalls();
    for (const key of [OTHER_KEY, undefined]) {
      const answer = await rig.api.ask('/v1/accounts/callback', {
        method: 'POST',
        body,
        ...(key !== undefined && { key }),
      });
      expect(answer).toMatchObject({ status: 409, body: { code: 'connect_attempt_unknown' } });
    }
    expect(tokenCalls()).toBe(before);
  });

  test('is refused at our own page when the attempt was for another', async ({ expect }) => {
    const user = rig.addUser();
    const begun = await rig.begin({ redirectUri: THEIR_PAGE });
    const query = await rig.authorize(begun.body.authorizeUrl, user);
    expect((await rig.comeBack(query)).status).toBe(409);
  });

  test('is refused by X when the code is older than 30 seconds', async ({ expect }) => {
    const begun = await rig.begin({ redirectUri: THEIR_PAGE });
    const query = await rig.authorize(begun.body.authorizeUrl, rig.addUser());
    rig.sim.clock.advance(31_000);
    const body = { state: query.get('state'), code: query.get('code') };
    const answer = await rig.api.ask('/v1/accounts/callback', { method: 'POST', body });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'connect_code_refused',
        detail: 'X did not take the code: Value passed for the authorization code was invalid.',
        hint: expect.stringContaining('30 seconds'),
      },
    });
  });

  test('is refused by X when the code was made for another redirect URI', async ({ expect }) => {
    const user = rig.addUser();
    const [one, other] = [await rig.begin(), await rig.begin({ redirectUri: THEIR_PAGE })];
    const query = await rig.authorize(one.body.authorizeUrl, user);
    const answer = await rig.api.ask('/v1/accounts/callback', {
      method: 'POST',
      body: { state: other.body.state, code: query.get('code') },
    });
    expect(answer).toMatchObject({ status: 422, body: { code: 'connect_code_refused' } });
    expect(answer.body.detail).toContain('redirect uri did not match');
  });

  test('is told in a page that takes nothing of it for HTML', async ({ expect }) => {
    const page = await rig.comeBack({ error: '<script>alert(1)</script>', state: '"><b>' });
    expect(page.status).toBe(409);
    expect(page.body).not.toContain('<script>');
    expect(page.body).toContain('&lt;script&gt;');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    const long = await rig.comeBack({ state: 'x'.repeat(600) });
    expect(long.status).toBe(400);
    expect(long.body).toContain('<h1>The account was not connected</h1>');
  });
});

describe('a token that may not do all', () => {
  test('is not kept, and what it lacks is named', async ({ expect }) => {
    const begun = await rig.begin({ redirectUri: THEIR_PAGE });
    const url = new URL(begun.body.authorizeUrl);
    url.searchParams.set('scope', 'tweet.read tweet.write users.read');
    const user = rig.addUser({ username: 'narrow' });
    const query = await rig.authorize(url.href, user);
    const body = { state: query.get('state'), code: query.get('code') };
    const answer = await rig.api.ask('/v1/accounts/callback', { method: 'POST', body });
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'scopes_missing',
        detail: 'The token does not have the scopes media.write and offline.access.',
        hint: expect.stringContaining('POST /v1/accounts/connect'),
      },
    });
    expect((await rig.api.ask('/v1/accounts/@narrow')).status).toBe(404);
  });
});

describe('a redirect URI', () => {
  test('that the server does not know is refused, with those that it knows', async ({ expect }) => {
    const answer = await rig.begin({ redirectUri: `${OWN_PAGE}/` });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ path: 'redirectUri', code: 'invalid_value' }] },
    });
    expect(answer.body.hint).toContain(THEIR_PAGE);
  });
});

describe('X and its app', () => {
  test('without an app there is nothing to connect with, and that is said', async ({ expect }) => {
    const bare = await startConnectRig(() => null);
    try {
      const answer = await bare.begin();
      expect(answer).toMatchObject({ status: 409, body: { code: 'connect_not_configured' } });
      expect(answer.body.hint).toContain('SLIPWAY_X_CLIENT_ID');
    } finally {
      await bare.stop();
    }
  });

  test.for([
    ['whose secret is wrong', ({ clientId }: SimApp) => ({ clientId, clientSecret: 'planted-wrong-secret' })],
    ['that X does not know any more', () => ({ clientId: 'deleted', clientSecret: 'planted-secret' })],
    ['whose secret is not set', ({ clientId }: SimApp) => ({ clientId })],
  ] as const)('an app %s is said to be that, and no account is blamed', async ([, clientOf], { expect }) => {
    const other = await startConnectRig(clientOf);
    try {
      const begun = await other.begin({ redirectUri: THEIR_PAGE });
      const body = { state: begun.body.state, code: 'any' };
      const answer = await other.api.ask('/v1/accounts/callback', { method: 'POST', body });
      expect(answer).toMatchObject({ status: 502, body: { code: 'x_app_refused' } });
      expect(answer.body.hint).toContain('SLIPWAY_X_CLIENT_SECRET');
      expect(other.api.logs.join('')).toContain('x_app_refused');
      expect(other.api.logs.join('') + JSON.stringify(answer.body)).not.toContain('planted');
    } finally {
      await other.stop();
    }
  });

  test('an X that does not answer well connects nothing', async ({ expect }) => {
    const user = rig.addUser({ username: 'stormy' });
    for (const operation of ['oauth2.token', 'users.me']) {
      rig.sim.faults.script({ on: { operation }, do: { answer: 'service_unavailable' } });
      const page = await rig.connect(user);
      expect(page.status).toBe(503);
      expect(page.body).toContain('X did not answer well');
      rig.sim.faults.clear();
    }
    expect((await rig.api.ask('/v1/accounts/@stormy')).status).toBe(404);
    expect((await rig.connect(user)).status).toBe(200);
  });
});

test('codes, states and tokens are in no log, no answer and not in Redis in clear', async ({ expect }) => {
  const user = rig.addUser({ username: 'discreet' });
  const begun = await rig.begin();
  const query = await rig.authorize(begun.body.authorizeUrl, user);
  const page = await rig.comeBack(query);
  const replayed = await rig.comeBack(query);
  const shown = [page.body, replayed.body, JSON.stringify(await rig.api.ask('/v1/accounts/@discreet'))];
  const secrets = [begun.body.state, query.get('code') ?? '', rig.simApp.clientSecret ?? ''];
  const isToken = /\b(?:at|rt|code)_[\w-]{20,}/;
  await eventually(() => rig.api.logs.some((line) => line.includes('/v1/accounts/callback')));
  for (const place of [rig.api.logs.join(''), await rig.api.dumpOfRedis(), shown.join('')]) {
    for (const secret of secrets) expect(place).not.toContain(secret);
    expect(place).not.toMatch(isToken);
  }
});
