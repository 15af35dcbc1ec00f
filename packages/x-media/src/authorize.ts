import { randomBytes } from 'node:crypto';
import type { XCredentials } from './credentials.ts';
import { signOAuth1 } from './oauth1.ts';

/** How a request proves who it is from. */
export interface Authority {
  /** Value of the `Authorization` header, made anew for every request; undefined: none is sent. */
  authorize(request: { method: string; url: string; form?: Record<string, string> }): string | undefined;
  /** Whether a fresh access token could cure a 401. */
  refreshable: boolean;
  /** Struck out of everything an error keeps. */
  secrets: string[];
}

export function authorityOf(credentials: XCredentials, now: () => number): Authority {
  switch (credentials.type) {
    case 'oauth2':
      return bearer(credentials.accessToken, true);
    case 'app':
      return bearer(credentials.bearerToken, false);
    case 'oauth1': {
      const { consumerKey, consumerSecret, accessToken, accessTokenSecret } = credentials;
      return {
        refreshable: false,
        secrets: [consumerSecret, accessToken, accessTokenSecret],
        authorize: (request) =>
          signOAuth1({
            ...request,
            consumerKey,
            consumerSecret,
            accessToken,
            accessTokenSecret,
            nonce: randomBytes(16).toString('hex'),
            timestampSecs: Math.floor(now() / 1000),
          }),
      };
    }
  }
}

function bearer(token: string, refreshable: boolean): Authority {
  return { refreshable, secrets: [token], authorize: () => `Bearer ${token}` };
}
