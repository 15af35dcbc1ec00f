import { createHmac, randomUUID } from 'node:crypto';
import { test } from 'vitest';
import type { SimUser } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import { createXClient } from './x-client.ts';

const enc = (text: string) =>
  encodeURIComponent(text).replace(/[!*'()]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** A signed Authorization header, made as RFC 5849 says. */
function sign(
  user: SimUser,
  request: {
    method: string;
    url: string;
    query?: Record<string, string>;
    timestampMs: number;
    nonce?: string;
  },
): string {
  const fields: Record<string, string> = {
    oauth_consumer_key: user.oauth1.consumerKey,
    oauth_token: user.oauth1.token,
    oauth_signature_method: 'HMAC-SHA1',
    oauth_version: '1.0',
    oauth_timestamp: String(Math.floor(request.timestampMs / 1000)),
    oauth_nonce: request.nonce ?? randomUUID(),
  };
  const parameters = Object.entries({ ...fields, ...request.query })
    .map(([key, value]) => `${enc(key)}=${enc(value)}`)
    .sort()
    .join('&');
  const base = [request.method, enc(request.url), enc(parameters)].join('&');
  const key = `${enc(user.oauth1.consumerSecret)}&${enc(user.oauth1.tokenSecret)}`;
  fields['oauth_signature'] = createHmac('sha1', key).update(base).digest('base64');
  return `OAuth ${Object.entries(fields)
    .map(([name, value]) => `${name}="${enc(value)}"`)
    .join(', ')}`;
}

async function start(...args: Parameters<typeof startCheckedSim>) {
  const checked = await startCheckedSim(...args);
  const { sim, user } = checked;
  const anonymous = createXClient(sim, undefined);
  const path = `/2/users/${user.id}/tweets`;
  const query = { max_results: '5', 'media.fields': "type,url!*'()" };
  const get = (authorization: string, sent = query) =>
    anonymous.request('GET', path, { query: sent, headers: { authorization } });
  const signed = (more: { timestampMs?: number; nonce?: string; method?: string } = {}) =>
    sign(user, { method: 'GET', url: sim.url + path, query, timestampMs: sim.clock.now(), ...more });
  return { checked, get, signed, query, anonymous };
}

test('a right signature is accepted, once', async ({ expect }) => {
  const { checked, get, signed } = await start();
  await using _ = checked;
  const header = signed();
  expect((await get(header)).status).toBe(200);
  expect((await get(header)).status).toBe(401);
});

test('anything that was not signed is refused', async ({ expect }) => {
  const { checked, get, signed, query } = await start();
  await using _ = checked;
  expect((await get(signed(), { ...query, max_results: '6' })).status).toBe(401);
  expect((await get(signed({ method: 'POST' }))).status).toBe(401);
  expect((await get(signed().replace(/oauth_token="[^"]*"/, 'oauth_token="other"'))).status).toBe(401);
  expect((await get(signed().replace(/oauth_signature="..../, 'oauth_signature="AAAA'))).status).toBe(401);
  expect((await get(signed().replace('HMAC-SHA1', 'PLAINTEXT'))).status).toBe(401);
});

test('timestamps may be five minutes off, by the simulator’s clock', async ({ expect }) => {
  const { checked, get, signed } = await start();
  await using _ = checked;
  const { clock } = checked.sim;
  expect((await get(signed({ timestampMs: clock.now() - 290_000 }))).status).toBe(200);
  const late = await get(signed({ timestampMs: clock.now() - 310_000 }));
  expect(late).toMatchObject({ status: 401, json: { errors: [{ code: 135 }] } });
  clock.advance(600_000);
  expect((await get(signed({ timestampMs: clock.now() - 600_000 }))).status).toBe(401);
  expect((await get(signed())).status).toBe(200);
});

test('JSON bodies are not part of the signature, and a read-only app may not write', async ({ expect }) => {
  const { checked, anonymous } = await start();
  await using _ = checked;
  const { sim, user } = checked;
  const post = (as: SimUser, text: string) => {
    const authorization = sign(as, {
      method: 'POST',
      url: `${sim.url}/2/tweets`,
      timestampMs: sim.clock.now(),
    });
    return anonymous.request('POST', '/2/tweets', { json: { text }, headers: { authorization } });
  };
  const posted = await post(user, 'a');
  expect(posted.status).toBe(201);
  expect(posted.headers.get('x-access-level')).toBe('read-write');
  const readOnly = sim.addUser({ appId: sim.addApp({ permission: 'read' }).id });
  const refused = await post(readOnly, 'b');
  expect(refused.status).toBe(403);
  expect(refused.json.type).toMatch(/\/oauth1-permissions$/);
  const url = `${sim.url}/2/users/me`;
  const authorization = sign(readOnly, { method: 'GET', url, timestampMs: sim.clock.now() });
  const me = await anonymous.request('GET', '/2/users/me', { headers: { authorization } });
  expect(me.status).toBe(200);
  expect(me.headers.get('x-access-level')).toBe('read');
});

test('verification can be turned off', async ({ expect }) => {
  const { checked, get, signed } = await start({ config: { oauth1: 'unchecked' } });
  await using _ = checked;
  const header = signed().replace(/oauth_signature="..../, 'oauth_signature="AAAA');
  expect([(await get(header)).status, (await get(header)).status]).toEqual([200, 200]);
});

test('unknown and suspended credentials get a bare 401', async ({ expect }) => {
  const { checked, get } = await start();
  await using _ = checked;
  const suspended = checked.sim.addUser({ appId: checked.sim.addApp({ status: 'suspended' }).id });
  for (const authorization of ['', 'Bearer nobody', 'Basic abc', `Bearer ${suspended.accessToken}`]) {
    const { status, json } = await get(authorization);
    expect(status).toBe(401);
    expect(json).toEqual({ title: 'Unauthorized', detail: 'Unauthorized', type: 'about:blank', status: 401 });
  }
});
