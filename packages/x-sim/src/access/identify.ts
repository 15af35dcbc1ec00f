import type { World } from '../world.ts';
import type { createOAuth1Verifier } from './oauth1.ts';

/** Who a request comes from, or why that is not clear. */
export type Identity =
  | {
      kind: 'user';
      via: 'oauth2' | 'oauth1';
      userId: string;
      appId: string;
      scopes: ReadonlySet<string> | 'all';
    }
  | { kind: 'app'; appId: string }
  | { kind: 'none'; why: 'missing' | 'unknown' | 'expired' | 'bad_timestamp' };

export interface RequestHead {
  method: string;
  url: string;
  authorization: string | undefined;
  query: URLSearchParams;
  form: URLSearchParams | undefined;
}

/** Reads the credentials of a request. Marks an OAuth 1.0a nonce as used. */
export function identify(
  world: Pick<World, 'accounts' | 'grants' | 'config' | 'clock'>,
  oauth1: ReturnType<typeof createOAuth1Verifier>,
  head: RequestHead,
): Identity {
  const header = head.authorization ?? '';
  const now = world.clock.now();
  const bearer = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
  if (bearer !== undefined) {
    const token = world.grants.accessToken(bearer);
    if (token !== undefined) {
      if (token.expiresAt !== null && token.expiresAt <= now) return { kind: 'none', why: 'expired' };
      return token.userId === null
        ? { kind: 'app', appId: token.appId }
        : { kind: 'user', via: 'oauth2', userId: token.userId, appId: token.appId, scopes: token.scopes };
    }
    const app = [...world.accounts.apps.values()].find((candidate) => candidate.bearerToken === bearer);
    return app === undefined ? { kind: 'none', why: 'unknown' } : { kind: 'app', appId: app.id };
  }
  if (!header.startsWith('OAuth ')) return { kind: 'none', why: 'missing' };
  const verdict = oauth1.verify(
    {
      method: head.method,
      url: head.url,
      authorization: header,
      parameters: [...head.query, ...(head.form ?? [])],
    },
    now,
    world.config.oauth1,
  );
  if (!verdict.ok)
    return { kind: 'none', why: verdict.why === 'bad_timestamp' ? 'bad_timestamp' : 'unknown' };
  return {
    kind: 'user',
    via: 'oauth1',
    userId: verdict.token.userId,
    appId: verdict.token.app.id,
    scopes: 'all',
  };
}
