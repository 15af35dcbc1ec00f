import { describe, test } from 'vitest';
import { createPkce, createXClient } from '../src/index.ts';
import { catchXError } from './catch-error.ts';
import { startX } from './x-server.ts';

const NOW = 1_700_000_000_000;
const now = () => NOW;
const confidential = { clientId: 'client:1', clientSecret: 'secret-0123456789' };
const pair = {
  token_type: 'bearer',
  expires_in: 7200,
  access_token: 'access-0123456789',
  refresh_token: 'refresh-9876543210',
  scope: 'tweet.read media.write',
};
const tokens = {
  accessToken: pair.access_token,
  refreshToken: pair.refresh_token,
  tokenType: 'bearer',
  scopes: ['tweet.read', 'media.write'],
  expiresInSecs: 7200,
  expiresAt: NOW + 7_200_000,
};

function formOf(body: Buffer): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(body.toString()));
}

describe('PKCE', () => {
  test('challenges as RFC 7636, appendix B', ({ expect }) => {
    expect(createPkce('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk').codeChallenge).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    );
  });

  test('makes a fresh verifier of the form the RFC asks for', ({ expect }) => {
    const pairs = [createPkce(), createPkce()];
    for (const { codeVerifier } of pairs) expect(codeVerifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/);
    expect(new Set(pairs.map(({ codeVerifier }) => codeVerifier)).size).toBe(2);
  });
});

describe('OAuth 2.0', () => {
  test('authorize URL', ({ expect }) => {
    const { oauth2 } = createXClient();
    const href = oauth2.authorizeUrl({
      clientId: 'client:1',
      redirectUri: 'https://example.com/cb?a=b',
      scopes: ['tweet.read', 'offline.access'],
      state: 's&s',
      codeChallenge: 'c',
    });
    expect(href).toMatch(/^https:\/\/x\.com\/i\/oauth2\/authorize\?/);
    expect(href).toContain('scope=tweet.read%20offline.access');
    expect(Object.fromEntries(new URL(href).searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client:1',
      redirect_uri: 'https://example.com/cb?a=b',
      scope: 'tweet.read offline.access',
      state: 's&s',
      code_challenge: 'c',
      code_challenge_method: 'S256',
    });
  });

  test('exchange of a code by a public client: named in the body', async ({ expect }) => {
    await using server = await startX([{ json: pair }], { now });
    const { data } = await server.client.oauth2.exchangeCode({
      clientId: 'client:1',
      code: 'c+1',
      redirectUri: 'https://example.com/cb',
      codeVerifier: 'v',
    });
    expect(data).toEqual(tokens);
    const { path, headers, body } = server.last();
    expect(path).toBe('/2/oauth2/token');
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(headers.authorization).toBeUndefined();
    expect(formOf(body)).toEqual({
      grant_type: 'authorization_code',
      code: 'c+1',
      redirect_uri: 'https://example.com/cb',
      code_verifier: 'v',
      client_id: 'client:1',
    });
  });

  test('refresh by a confidential client: Basic, nothing in the body', async ({ expect }) => {
    await using server = await startX([{ json: { ...pair, expires_in: '7200', refresh_token: null } }], {
      now,
    });
    const { data } = await server.client.oauth2.refresh({ ...confidential, refreshToken: 'r' });
    const { refreshToken: _, ...withoutRefresh } = tokens;
    expect(data).toEqual(withoutRefresh);
    const { headers, body } = server.last();
    expect(headers.authorization).toBe(
      `Basic ${Buffer.from('client%3A1:secret-0123456789').toString('base64')}`,
    );
    expect(formOf(body)).toEqual({ grant_type: 'refresh_token', refresh_token: 'r' });
  });

  test('revoke relies on the status', async ({ expect }) => {
    await using server = await startX([{ json: { revoked: true } }, {}]);
    const revoke = () => server.client.oauth2.revoke({ ...confidential, token: 't' });
    expect((await revoke()).data).toEqual({ revoked: true });
    expect((await revoke()).data).toEqual({ revoked: true });
    expect(server.last().path).toBe('/2/oauth2/revoke');
    expect(formOf(server.last().body)).toEqual({ token: 't' });
  });

  const refusals = [
    {
      name: 'a spent refresh token, as X says it',
      status: 400,
      json: { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' },
      expected: {
        code: 'invalid_grant',
        oauthError: 'invalid_request',
        messages: ['Value passed for the token was invalid.'],
        retry: { advice: 'never' },
      },
    },
    {
      name: 'a spent code, as X says it',
      status: 400,
      json: {
        error: 'invalid_request',
        error_description: 'Value passed for the authorization code was invalid.',
      },
      expected: { code: 'invalid_grant' },
    },
    {
      name: 'a spent grant, as the RFC says it',
      status: 400,
      json: { error: 'invalid_grant' },
      expected: { code: 'invalid_grant', oauthError: 'invalid_grant' },
    },
    {
      name: 'a malformed request',
      status: 400,
      json: { error: 'invalid_request', error_description: 'Missing required parameter [grant_type].' },
      expected: { code: 'bad_request', oauthError: 'invalid_request' },
    },
    {
      name: 'a client without its Basic: no word about the token',
      status: 401,
      json: { error: 'unauthorized_client', error_description: 'Missing valid authorization header' },
      expected: { code: 'unauthorized', oauthError: 'unauthorized_client', retry: { advice: 'never' } },
    },
    {
      name: 'a bad day',
      status: 503,
      json: {},
      expected: { code: 'server_error', retry: { advice: 'backoff' } },
    },
    {
      name: 'a success without a token, whose body is not kept',
      status: 200,
      json: { refresh_token: 'refresh-9876543210' },
      expected: { code: 'invalid_response', retry: { advice: 'backoff' } },
    },
  ];

  test.for(refusals)('$name', async ({ status, json, expected }, { expect }) => {
    await using server = await startX([{ status, json }]);
    const error = await catchXError(server.client.oauth2.refresh({ ...confidential, refreshToken: 'r' }));
    expect(error.details).toMatchObject(expected);
    expect(error.details.bodySnippet).toBeUndefined();
  });
});
