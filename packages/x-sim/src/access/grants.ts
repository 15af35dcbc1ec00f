import { newSecret } from '../accounts.ts';

/** An OAuth 2.0 access token; `userId` null means app-only, `expiresAt` null never. */
export interface AccessToken {
  token: string;
  appId: string;
  userId: string | null;
  scopes: ReadonlySet<string>;
  expiresAt: number | null;
}

export interface RefreshToken {
  token: string;
  accessToken: string;
  appId: string;
  userId: string;
  scopes: readonly string[];
  expiresAt: number;
}

export interface AuthorizationCode {
  code: string;
  appId: string;
  userId: string;
  redirectUri: string;
  scopes: readonly string[];
  challenge: { value: string; method: 'S256' | 'plain' };
  expiresAt: number;
}

/** Tokens and codes of OAuth 2.0. A refresh token or code that is taken is gone: both are single use. */
export interface Grants {
  accessToken(token: string): AccessToken | undefined;
  putAccessToken(token: AccessToken): void;
  putRefreshToken(token: RefreshToken): void;
  putCode(code: AuthorizationCode): void;
  refreshToken(token: string): RefreshToken | undefined;
  takeRefreshToken(token: string): void;
  takeCode(code: string): AuthorizationCode | undefined;
  revoke(token: string): void;
  dropAccessToken(token: string): void;
  issue(input: {
    appId: string;
    userId: string;
    scopes: readonly string[];
    now: number;
    accessTtlMs: number | null;
    refreshTtlMs: number;
    accessToken?: string | undefined;
    refreshToken?: string | undefined;
  }): { access: AccessToken; refresh: RefreshToken | undefined };
}

export function createGrants(): Grants {
  const access = new Map<string, AccessToken>();
  const refresh = new Map<string, RefreshToken>();
  const codes = new Map<string, AuthorizationCode>();

  const grants: Grants = {
    accessToken: (token) => access.get(token),
    putAccessToken: (token) => void access.set(token.token, token),
    putRefreshToken: (token) => void refresh.set(token.token, token),
    putCode: (code) => void codes.set(code.code, code),
    refreshToken: (token) => refresh.get(token),
    takeRefreshToken: (token) => void refresh.delete(token),
    takeCode(code) {
      const found = codes.get(code);
      codes.delete(code);
      return found;
    },
    revoke(token) {
      const pair = refresh.get(token);
      if (pair !== undefined) access.delete(pair.accessToken);
      refresh.delete(token);
      access.delete(token);
    },
    dropAccessToken: (token) => void access.delete(token),
    issue(input) {
      const accessToken: AccessToken = {
        token: input.accessToken ?? newSecret('at'),
        appId: input.appId,
        userId: input.userId,
        scopes: new Set(input.scopes),
        expiresAt: input.accessTtlMs === null ? null : input.now + input.accessTtlMs,
      };
      access.set(accessToken.token, accessToken);
      if (!input.scopes.includes('offline.access')) return { access: accessToken, refresh: undefined };
      const refreshToken: RefreshToken = {
        token: input.refreshToken ?? newSecret('rt'),
        accessToken: accessToken.token,
        appId: input.appId,
        userId: input.userId,
        scopes: input.scopes,
        expiresAt: input.now + input.refreshTtlMs,
      };
      refresh.set(refreshToken.token, refreshToken);
      return { access: accessToken, refresh: refreshToken };
    },
  };
  return grants;
}
