import { createHash } from 'node:crypto';
import type { SimApp } from '../accounts.ts';
import type { Call } from '../http/call.ts';
import { answer, Refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';

/** POST /2/oauth2/token: authorization_code, refresh_token and client_credentials. */
export function issueTokens(world: World, call: Call): Reply {
  const form = formOf(call);
  const app = authenticateClient(world, call, form);
  const grantType = form.get('grant_type') ?? '';
  switch (grantType) {
    case 'authorization_code':
      return exchangeCode(world, call, app, form);
    case 'refresh_token':
      return refresh(world, call, app, form);
    case 'client_credentials':
      return answer({ token_type: 'bearer', access_token: app.bearerToken });
    default:
      return refuse(400, 'invalid_request', `Value passed for the grant_type was invalid: [${grantType}].`);
  }
}

/** POST /2/oauth2/revoke: an access or a refresh token; unknown ones are fine, too (RFC 7009). */
export function revokeToken(world: World, call: Call): Reply {
  const form = formOf(call);
  authenticateClient(world, call, form);
  const token = form.get('token');
  if (token === null) refuse(400, 'invalid_request', 'Missing required parameter [token].');
  world.grants.revoke(token);
  world.changed();
  return answer({ revoked: true });
}

/** A code works once, for the client and redirect URI it was made for, with the verifier of its challenge. */
function exchangeCode(world: World, call: Call, app: SimApp, form: URLSearchParams): Reply {
  const grant = world.grants.takeCode(form.get('code') ?? '');
  if (grant === undefined || grant.appId !== app.id || grant.expiresAt <= call.now)
    refuse(400, 'invalid_request', 'Value passed for the authorization code was invalid.');
  if (grant.redirectUri !== form.get('redirect_uri'))
    refuse(
      400,
      'invalid_request',
      'Value passed for the redirect uri did not match the uri of the authorization code.',
    );
  const verifier = form.get('code_verifier') ?? '';
  const derived =
    grant.challenge.method === 'plain' ? verifier : createHash('sha256').update(verifier).digest('base64url');
  if (derived !== grant.challenge.value)
    refuse(400, 'invalid_request', 'Value passed for the code verifier did not match the code challenge.');
  return answer(issue(world, call, app, { userId: grant.userId, scopes: grant.scopes }));
}

/** A refresh token works once: its successor comes with the answer, and if that is lost the account is lost. */
function refresh(world: World, call: Call, app: SimApp, form: URLSearchParams): Reply {
  const token = world.grants.refreshToken(form.get('refresh_token') ?? '');
  if (token === undefined || token.appId !== app.id || token.expiresAt <= call.now)
    refuse(400, 'invalid_request', 'Value passed for the token was invalid.');
  world.grants.takeRefreshToken(token.token);
  if (world.config.refreshedAccessToken === 'dies') world.grants.dropAccessToken(token.accessToken);
  return answer(issue(world, call, app, token));
}

function issue(
  world: World,
  call: Call,
  app: SimApp,
  grant: { userId: string; scopes: readonly string[] },
): Record<string, unknown> {
  const { accessTokenTtlMs, refreshTokenTtlMs } = world.config;
  const { access, refresh: next } = world.grants.issue({
    appId: app.id,
    userId: grant.userId,
    scopes: grant.scopes,
    now: call.now,
    accessTtlMs: accessTokenTtlMs,
    refreshTtlMs: refreshTokenTtlMs,
  });
  world.changed();
  return {
    token_type: 'bearer',
    expires_in: Math.floor(accessTokenTtlMs / 1000),
    access_token: access.token,
    scope: grant.scopes.join(' '),
    ...(next === undefined ? {} : { refresh_token: next.token }),
  };
}

/** Confidential clients authenticate with Basic, public ones name themselves by `client_id`. */
function authenticateClient(world: World, call: Call, form: URLSearchParams): SimApp {
  const apps = [...world.accounts.apps.values()];
  const basic = /^Basic\s+(\S+)$/i.exec(call.headers['authorization'] ?? '')?.[1];
  if (basic !== undefined) {
    const decoded = Buffer.from(basic, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    const app = apps.find((candidate) => candidate.clientId === decodeURIComponent(decoded.slice(0, colon)));
    if (app === undefined || app.clientSecret !== decodeURIComponent(decoded.slice(colon + 1)))
      refuse(401, 'unauthorized_client', 'Invalid client credentials.');
    return app;
  }
  const app = apps.find((candidate) => candidate.clientId === form.get('client_id'));
  if (app === undefined) refuse(401, 'unauthorized_client', 'Missing valid authorization header');
  if (app.clientSecret !== null) refuse(401, 'unauthorized_client', 'Missing valid authorization header');
  return app;
}

function formOf(call: Call): URLSearchParams {
  if (call.body.kind === 'form') return call.body.value;
  return refuse(400, 'invalid_request', 'The content type must be application/x-www-form-urlencoded.');
}

function refuse(status: number, error: string, description: string): never {
  throw new Refusal({ status, body: { error, error_description: description } });
}
