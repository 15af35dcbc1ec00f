import { z } from 'zod';
import { wrap } from './answer.ts';
import type { Authority } from './authorize.ts';
import { endpoints } from './endpoints.ts';
import type { Endpoint } from './endpoints.ts';
import { compact, count, flag, text } from './lenient.ts';
import { percentEncode } from './oauth1.ts';
import type { OAuth2Calls, OAuth2Client, OAuth2Tokens } from './oauth2-types.ts';
import { formBody } from './request-body.ts';
import type { CallOptions, XResult } from './result.ts';
import type { Transport } from './transport.ts';

const tokens = z.object({
  access_token: z.string().min(1),
  refresh_token: text,
  token_type: text,
  scope: text,
  expires_in: count,
});

const revocation = z.object({ revoked: flag });

export function createOAuth2Calls(
  { send }: Transport,
  { authorizeUrl, now }: { authorizeUrl: string; now: () => number },
): OAuth2Calls {
  /** Confidential clients prove themselves by Basic, public ones are named in the body. */
  function post(
    endpoint: Endpoint,
    { clientId, clientSecret }: OAuth2Client,
    fields: Record<string, string>,
    secrets: string[],
    options: CallOptions | undefined,
  ) {
    const authority: Authority =
      clientSecret === undefined
        ? { authorize: () => undefined, refreshable: false, secrets }
        : {
            authorize: () => `Basic ${encodeBasic(clientId, clientSecret)}`,
            refreshable: false,
            secrets: [clientSecret, ...secrets],
          };
    const body = formBody(clientSecret === undefined ? { ...fields, client_id: clientId } : fields);
    return send({ endpoint, body, authority, options });
  }

  async function requestTokens(...args: [OAuth2Client, Record<string, string>, string[], CallOptions?]) {
    const [client, fields, secrets, options] = args;
    const askedAt = now();
    const answer = await post(endpoints.token, client, fields, secrets, options);
    const parsed = tokens.safeParse(answer.body);
    if (!parsed.success) throw answer.reject('invalid_response');
    const { access_token, refresh_token, token_type, scope = '', expires_in } = parsed.data;
    return wrap(
      answer,
      compact({
        accessToken: access_token,
        refreshToken: refresh_token,
        tokenType: token_type,
        scopes: scope.split(' ').filter((word) => word !== ''),
        expiresInSecs: expires_in,
        expiresAt: expires_in === undefined ? undefined : askedAt + expires_in * 1000,
      }),
    ) satisfies XResult<OAuth2Tokens>;
  }

  return {
    authorizeUrl({ clientId, redirectUri, scopes, state, codeChallenge }) {
      const url = new URL(authorizeUrl);
      const parameters = {
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state,
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
      };
      // Percent-encoded by hand: URLSearchParams writes the spaces between scopes as "+".
      url.search = Object.entries(parameters)
        .map(([name, value]) => `${name}=${percentEncode(value)}`)
        .join('&');
      return url.href;
    },

    exchangeCode({ code, redirectUri, codeVerifier, ...client }, options) {
      const fields = {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: codeVerifier,
      };
      return requestTokens(client, fields, [code, codeVerifier], options);
    },

    refresh({ refreshToken, ...client }, options) {
      const fields = { grant_type: 'refresh_token', refresh_token: refreshToken };
      return requestTokens(client, fields, [refreshToken], options);
    },

    async revoke({ token, ...client }, options) {
      const answer = await post(endpoints.revoke, client, { token }, [token], options);
      // The body is not documented; the status is what counts.
      return wrap(answer, { revoked: revocation.safeParse(answer.body).data?.revoked ?? true });
    },
  };
}

/** RFC 6749 2.3.1 encodes both halves first, which also keeps a colon in the id from splitting them wrongly. */
function encodeBasic(clientId: string, clientSecret: string): string {
  return Buffer.from(`${percentEncode(clientId)}:${percentEncode(clientSecret)}`).toString('base64');
}
