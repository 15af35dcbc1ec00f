import { createHash } from 'node:crypto';
import { describe, test } from 'vitest';
import type { SimApp } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import type { CheckedSim } from './checked-sim.ts';
import { asToken, createXClient } from './x-client.ts';

const VERIFIER = 'a-verifier-that-is-long-enough-to-be-one-0123456789';
const SCOPE = 'tweet.read tweet.write users.read media.write offline.access';
const REDIRECT = 'http://127.0.0.1/callback';

function authorizeQuery(app: SimApp, more: Record<string, string> = {}) {
  return {
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: REDIRECT,
    scope: SCOPE,
    state: 'my state',
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    ...more,
  };
}

/** The query of the redirect that ends an authorization. */
async function authorize({ sim, user }: CheckedSim, app: SimApp, more: Record<string, string> = {}) {
  const anonymous = createXClient(sim, undefined);
  const query = authorizeQuery(app, { approve: user.id, ...more });
  const { status, headers } = await anonymous.request('GET', '/i/oauth2/authorize', { query });
  return { status, result: new URL(headers.get('location') ?? 'http://none').searchParams };
}

function token(
  checked: CheckedSim,
  app: SimApp,
  form: Record<string, string>,
  basic = app.clientSecret !== null,
) {
  const credentials = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64');
  return createXClient(checked.sim, undefined).request('POST', '/2/oauth2/token', {
    body: new URLSearchParams(basic ? form : { client_id: app.clientId, ...form }),
    headers: basic ? { authorization: `Basic ${credentials}` } : {},
  });
}

const exchange = (code: string, more: Record<string, string> = {}) => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: REDIRECT,
  code_verifier: VERIFIER,
  ...more,
});

describe.each([
  { kind: 'confidential', clientSecret: undefined },
  { kind: 'public', clientSecret: null },
])('a $kind client', ({ clientSecret }) => {
  const addApp = ({ sim }: CheckedSim) => sim.addApp(clientSecret === undefined ? {} : { clientSecret });

  test('gets tokens for a code, acts with them, refreshes and revokes', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { sim, user } = checked;
    const app = addApp(checked);
    const { status, result } = await authorize(checked, app);
    expect(status).toBe(302);
    expect(result.get('state')).toBe('my state');

    const first = await token(checked, app, exchange(result.get('code') ?? ''));
    expect(first.json).toMatchObject({ token_type: 'bearer', expires_in: 7200, scope: SCOPE });
    const me = async (accessToken: string) =>
      createXClient(sim, asToken(accessToken)).request('GET', '/2/users/me');
    expect((await me(first.json.access_token)).json.data.id).toBe(user.id);

    const second = await token(checked, app, {
      grant_type: 'refresh_token',
      refresh_token: first.json.refresh_token,
    });
    expect(second.status).toBe(200);
    expect(second.json.refresh_token).not.toBe(first.json.refresh_token);
    expect((await me(second.json.access_token)).status).toBe(200);
    expect((await me(first.json.access_token)).status).toBe(401);

    sim.clock.advance(7_200_000);
    expect((await me(second.json.access_token)).status).toBe(401);
    const third = await token(checked, app, {
      grant_type: 'refresh_token',
      refresh_token: second.json.refresh_token,
    });
    expect((await me(third.json.access_token)).status).toBe(200);

    const credentials = Buffer.from(`${app.clientId}:${app.clientSecret}`).toString('base64');
    const revoked = await createXClient(sim, undefined).request('POST', '/2/oauth2/revoke', {
      body: new URLSearchParams({ token: third.json.refresh_token, client_id: app.clientId }),
      headers: app.clientSecret === null ? {} : { authorization: `Basic ${credentials}` },
    });
    expect(revoked.json).toEqual({ revoked: true });
    expect((await me(third.json.access_token)).status).toBe(401);
    const dead = await token(checked, app, {
      grant_type: 'refresh_token',
      refresh_token: third.json.refresh_token,
    });
    expect(dead.json.error_description).toBe('Value passed for the token was invalid.');
  });

  test.for([
    ['twice', {}, 1, 0, 'Value passed for the authorization code was invalid.'],
    ['after 30 seconds', {}, 0, 30_000, 'Value passed for the authorization code was invalid.'],
    [
      'with another verifier',
      { code_verifier: 'other' },
      0,
      0,
      'Value passed for the code verifier did not match the code challenge.',
    ],
    [
      'with another redirect',
      { redirect_uri: 'http://other/' },
      0,
      0,
      'Value passed for the redirect uri did not match',
    ],
  ] as const)('cannot use a code %s', async ([_how, more, usesBefore, advanceMs, message], { expect }) => {
    await using checked = await startCheckedSim();
    const app = addApp(checked);
    const code = (await authorize(checked, app)).result.get('code') ?? '';
    for (let use = 0; use < usesBefore; use += 1) await token(checked, app, exchange(code));
    checked.sim.clock.advance(advanceMs);
    const refused = await token(checked, app, exchange(code, more));
    expect(refused.status).toBe(400);
    expect(refused.json.error).toBe('invalid_request');
    expect(refused.json.error_description).toContain(message);
  });
});

test('a confidential client must authenticate', async ({ expect }) => {
  await using checked = await startCheckedSim();
  const app = checked.sim.addApp();
  const code = (await authorize(checked, app)).result.get('code') ?? '';
  expect(await token(checked, app, exchange(code), false)).toMatchObject({
    status: 401,
    json: { error: 'unauthorized_client', error_description: 'Missing valid authorization header' },
  });
  const wrong = { ...app, clientSecret: 'wrong' };
  expect((await token(checked, wrong, exchange(code))).status).toBe(401);
  expect((await token(checked, app, exchange(code))).status).toBe(200);
});

test('without offline.access there is no refresh token, and scopes bind', async ({ expect }) => {
  await using checked = await startCheckedSim();
  const app = checked.sim.addApp({ clientSecret: null });
  const { result } = await authorize(checked, app, { scope: 'tweet.read users.read' });
  const { json } = await token(checked, app, exchange(result.get('code') ?? ''));
  expect(json.refresh_token).toBeUndefined();
  const client = createXClient(checked.sim, asToken(json.access_token));
  expect((await client.request('GET', '/2/users/me')).status).toBe(200);
  expect((await client.post({ text: 'a' })).status).toBe(403);
});

test('the consent page names the users and sends nobody to a foreign address', async ({ expect }) => {
  await using checked = await startCheckedSim({ user: { username: 'ada' } });
  const app = checked.sim.addApp();
  const anonymous = createXClient(checked.sim, undefined);
  const page = await anonymous.request('GET', '/2/oauth2/authorize', { query: authorizeQuery(app) });
  expect(page.status).toBe(200);
  expect(page.text).toContain('@ada');
  const href = /href="([^"]*approve[^"]*)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect((await anonymous.request('GET', `/2/oauth2/authorize${href}`)).status).toBe(302);

  expect((await authorize(checked, app, { redirect_uri: 'http://evil/' })).status).toBe(400);
  expect((await authorize(checked, app, { deny: '1' })).result.get('error')).toBe('access_denied');
  expect((await authorize(checked, app, { scope: 'all' })).result.get('error')).toBe('invalid_scope');
  expect((await authorize(checked, app, { code_challenge: '' })).result.get('error')).toBe('invalid_request');
  expect((await authorize(checked, app, { response_type: 'token' })).result.get('error')).toBe(
    'unsupported_response_type',
  );
});

test('a lost refresh answer loses the account', async ({ expect }) => {
  await using checked = await startCheckedSim();
  const app = checked.sim.addApp({ clientSecret: null });
  const user = checked.sim.addUser({ appId: app.id });
  const refresh = () =>
    token(checked, app, { grant_type: 'refresh_token', refresh_token: user.refreshToken ?? '' });
  checked.sim.faults.script({
    on: { operation: 'oauth2.token', userId: user.id },
    do: { acceptThenDrop: true },
  });
  await expect(refresh()).rejects.toThrow('fetch failed');
  expect((await refresh()).status).toBe(400);
});

test('the replaced access token can be left alive', async ({ expect }) => {
  await using checked = await startCheckedSim({
    config: { refreshedAccessToken: 'lives', autoApproveUserId: null },
  });
  const app = checked.sim.addApp({ clientSecret: null });
  const user = checked.sim.addUser({ appId: app.id });
  await token(checked, app, { grant_type: 'refresh_token', refresh_token: user.refreshToken ?? '' });
  expect((await createXClient(checked.sim, user).request('GET', '/2/users/me')).status).toBe(200);
});

test('consent can be given in advance', async ({ expect }) => {
  await using checked = await startCheckedSim({ user: { id: '77' }, config: { autoApproveUserId: '77' } });
  const app = checked.sim.addApp();
  const query = authorizeQuery(app);
  const { status } = await createXClient(checked.sim, undefined).request('GET', '/i/oauth2/authorize', {
    query,
  });
  expect(status).toBe(302);
});

test('client credentials give the app-only token', async ({ expect }) => {
  await using checked = await startCheckedSim();
  const app = checked.sim.addApp();
  const { json } = await token(checked, app, { grant_type: 'client_credentials' });
  expect(json.access_token).toBe(app.bearerToken);
  expect((await token(checked, app, { grant_type: 'password' })).status).toBe(400);
});
