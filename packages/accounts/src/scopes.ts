import { ConnectError } from './connect-error.ts';

/** What posting takes. `offline.access` is what a refresh token comes with. */
export const REQUIRED_SCOPES = [
  'tweet.read',
  'tweet.write',
  'users.read',
  'media.write',
  'offline.access',
] as const;

/** Throws a `ConnectError` that names every scope that is missing. */
export function requireScopes(granted: readonly string[]): void {
  const missing = REQUIRED_SCOPES.filter((scope) => !granted.includes(scope));
  if (missing.length > 0) throw missingScopes(missing);
}

/** A token that was made before its app asked for a scope does not get it by a refresh: the person must be asked again. */
export function missingScopes(missing: readonly string[]): ConnectError {
  const are = missing.length === 1 ? 'the scope' : 'the scopes';
  return new ConnectError('scopes_missing', `The token does not have ${are} ${missing.join(' and ')}.`, {
    hint:
      'Connect the account by POST /v1/accounts/connect, which asks for all scopes; or make a new token that has ' +
      `${REQUIRED_SCOPES.join(', ')}. A refresh does not add scopes.`,
  });
}
