import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { startConnectRig, type ConnectRig } from './connect-rig.ts';

let rig: ConnectRig;

beforeAll(async () => {
  rig = await startConnectRig();
});
afterEach(() => rig.sim.faults.clear());
afterAll(() => rig.stop());

describe('tokens of OAuth 2.0', () => {
  test('connect the account that X says they are of', async ({ expect }) => {
    const user = rig.addUser({ username: 'pasted' });
    const { accessToken, refreshToken } = user;
    const account = await rig.paste({ oauth2: { accessToken, refreshToken, expiresInSecs: 7_200 } });
    expect(account).toMatchObject({
      status: 200,
      body: { username: 'pasted', xUserId: user.id, via: 'oauth2', scopes: null, refreshable: true },
    });
    expect(Date.parse(account.body.tokenExpiresAt)).toBeGreaterThan(Date.now() + 7_100_000);
    expect(await rig.api.ask(`/v1/accounts/${account.body.id}`)).toMatchObject({ body: account.body });
  });

  test('without a refresh token are good until they end', async ({ expect }) => {
    const { accessToken } = rig.addUser();
    const { body } = await rig.paste({ oauth2: { accessToken } });
    expect(body).toMatchObject({ refreshable: false, tokenExpiresAt: null });
  });

  test('that X does not know are refused, by the name of their field', async ({ expect }) => {
    const answer = await rig.paste({ oauth2: { accessToken: 'planted-token-nobody-has' } });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'account_refused', errors: [{ path: 'oauth2', code: 'refused_by_x' }] },
    });
    expect(JSON.stringify(answer.body)).not.toContain('planted');
  });

  test.for([
    [['tweet.read', 'tweet.write', 'users.read', 'offline.access'], 'the scope media.write'],
    [['tweet.write', 'media.write'], 'the scopes tweet.read and users.read'],
  ] as const)('that lack scopes are refused: %s', async ([scopes, words], { expect }) => {
    const { accessToken } = rig.addUser({ scopes: [...scopes] });
    const answer = await rig.paste({ oauth2: { accessToken } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'scopes_missing' } });
    expect(answer.body.detail).toContain(words);
    expect(answer.body.hint).toContain('A refresh does not add scopes');
  });

  test.for([
    ['suspended', 'suspended'],
    ['locked', 'temporarily locked'],
  ] as const)(
    'of an account that is %s are refused in the words of X',
    async ([status, words], { expect }) => {
      const { accessToken } = rig.addUser({ status });
      const answer = await rig.paste({ oauth2: { accessToken } });
      expect(answer).toMatchObject({ status: 422, body: { code: 'account_refused' } });
      expect(answer.body.detail).toContain(words);
    },
  );

  test('of an app and not of a user are refused', async ({ expect }) => {
    const answer = await rig.paste({ oauth2: { accessToken: rig.simApp.bearerToken } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'account_refused' } });
    expect(answer.body.hint).toContain('not the bearer token of the app');
  });

  test('of an app that X has not enrolled blame the app', async ({ expect }) => {
    const app = rig.sim.addApp({ status: 'not_enrolled' });
    const { accessToken } = rig.addUser({ appId: app.id });
    const answer = await rig.paste({ oauth2: { accessToken } });
    expect(answer).toMatchObject({ status: 502, body: { code: 'x_app_refused' } });
  });

  test('of an app without credits blame the app', async ({ expect }) => {
    const { accessToken } = rig.addUser();
    rig.sim.configure({ creditsUsd: 0 });
    const answer = await rig.paste({ oauth2: { accessToken } });
    rig.sim.configure({ creditsUsd: null });
    expect(answer).toMatchObject({ status: 502, body: { code: 'x_app_refused' } });
    expect(answer.body.detail).toContain('does not have any credits');
  });
});

describe('keys of OAuth 1.0a', () => {
  const keysOf = ({ oauth1 }: ReturnType<ConnectRig['addUser']>) => ({
    consumerKey: oauth1.consumerKey,
    consumerSecret: oauth1.consumerSecret,
    accessToken: oauth1.token,
    accessTokenSecret: oauth1.tokenSecret,
  });

  test('connect the account that X says they are of', async ({ expect }) => {
    const user = rig.addUser({ username: 'signed' });
    const { body } = await rig.paste({ oauth1: keysOf(user) });
    expect(body).toMatchObject({
      username: 'signed',
      xUserId: user.id,
      via: 'oauth1',
      app: user.oauth1.consumerKey,
      scopes: null,
      tokenExpiresAt: null,
      refreshable: false,
    });
  });

  test('that may only read are refused, with the way to better ones', async ({ expect }) => {
    const user = rig.addUser({ appId: rig.sim.addApp({ permission: 'read' }).id });
    const answer = await rig.paste({ oauth1: keysOf(user) });
    expect(answer).toMatchObject({ status: 422, body: { code: 'scopes_missing' } });
    expect(answer.body.hint).toContain('Read and write');
  });

  test('of which one is wrong are refused', async ({ expect }) => {
    const user = rig.addUser();
    const answer = await rig.paste({ oauth1: { ...keysOf(user), accessTokenSecret: 'planted-wrong-one' } });
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'account_refused', errors: [{ path: 'oauth1', code: 'refused_by_x' }] },
    });
  });
});

const PLANTED_KEYS = {
  consumerKey: 'planted',
  consumerSecret: 'planted',
  accessToken: 'planted',
  accessTokenSecret: 'planted',
};

test.for([
  [{}, '', 'required'],
  [{ oauth2: { accessToken: 'planted' }, oauth1: PLANTED_KEYS }, '', 'required'],
  [{ oauth2: { accessToken: 'a' }, oauth1: null }, 'oauth1', 'wrong_type'],
  [{ oauth2: { accessToken: 'planted token' } }, 'oauth2.accessToken', 'invalid_format'],
  [{ oauth2: { accessToken: `planted${'x'.repeat(5_000)}` } }, 'oauth2.accessToken', 'too_long'],
  [{ oauth2: { accessToken: ['planted'] } }, 'oauth2.accessToken', 'wrong_type'],
  [{ oauth2: { token: 'planted' } }, 'oauth2.accessToken', 'required'],
  [{ oauth2: { accessToken: 'planted', expiresInSecs: -1 } }, 'oauth2.expiresInSecs', 'out_of_range'],
  [{ oauth1: { consumerKey: 'planted' } }, 'oauth1.consumerSecret', 'required'],
] as const)(
  'a body that is wrong is told so without being repeated: %j',
  async ([body, path, code], { expect }) => {
    const answer = await rig.paste(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ path, code }));
    expect(JSON.stringify(answer.body)).not.toContain('planted');
    expect(rig.api.logs.join('')).not.toContain('planted');
  },
);

test('a broken body is told so without being repeated', async ({ expect }) => {
  const answer = await rig.api.ask('/v1/accounts', {
    method: 'POST',
    body: '{"oauth2":{"accessToken":"planted',
  });
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_json' } });
  expect(JSON.stringify(answer.body) + rig.api.logs.join('')).not.toContain('planted');
});
