import type { CallOptions, XResult } from './result.ts';

/** With a secret: a confidential client, authenticated by Basic. Without: a public client, named in the body. */
export interface OAuth2Client {
  clientId: string;
  clientSecret?: string;
}

export interface AuthorizeInput {
  clientId: string;
  /** Must match a registered URI exactly. */
  redirectUri: string;
  /** Posting media needs `tweet.read tweet.write users.read media.write offline.access`. */
  scopes: readonly string[];
  /** At most 500 characters; bind it to the browser session. */
  state: string;
  /** S256 challenge: see `createPkce`. */
  codeChallenge: string;
}

export interface ExchangeInput extends OAuth2Client {
  /** Lives 30 seconds and works once. */
  code: string;
  redirectUri: string;
  codeVerifier: string;
}

export interface RefreshInput extends OAuth2Client {
  /** Works once: store the new pair before using it, and refresh an account from one place at a time. */
  refreshToken: string;
}

export interface RevokeInput extends OAuth2Client {
  /** Access or refresh token. */
  token: string;
}

export interface OAuth2Tokens {
  accessToken: string;
  /** Only with the scope `offline.access`. */
  refreshToken?: string;
  tokenType?: string;
  scopes: string[];
  expiresInSecs?: number;
  /** Epoch milliseconds: time of the call plus `expiresInSecs`, thus never later than X's own. */
  expiresAt?: number;
}

export interface OAuth2Calls {
  /** URL to open in the user's browser. */
  authorizeUrl: (input: AuthorizeInput) => string;
  exchangeCode: (input: ExchangeInput, call?: CallOptions) => Promise<XResult<OAuth2Tokens>>;
  /** `invalid_grant`: the refresh token is spent or revoked. Any other failure says nothing about it. */
  refresh: (input: RefreshInput, call?: CallOptions) => Promise<XResult<OAuth2Tokens>>;
  revoke: (input: RevokeInput, call?: CallOptions) => Promise<XResult<{ revoked: boolean }>>;
}
