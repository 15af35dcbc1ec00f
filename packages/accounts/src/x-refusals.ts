import { type XError, type XErrorDetails, isXError } from '@slipway/x-media';
import { ConnectError } from './connect-error.ts';
import { missingScopes } from './scopes.ts';

/** X's legacy codes for an account that is suspended, or locked until its owner logs in. */
const UNUSABLE_ACCOUNT: ReadonlySet<number> = new Set([64, 326]);

export interface Asked {
  via: 'oauth1' | 'oauth2';
  /** What the call needs, all of which a 403 without a reason may mean. */
  scopes: readonly string[];
  field?: string | undefined;
}

/** What it means for connecting that X did not answer a call that was made as the account. */
export function refusalOf(error: unknown, { via, scopes, field }: Asked): unknown {
  if (!isXError(error)) return error;
  const { details, code } = error;
  const words = wordsOf(details);
  const options = { cause: error, ...(field !== undefined && { field }) };
  if (code === 'unauthorized') {
    return new ConnectError('account_refused', `X does not accept these credentials: ${words}`, {
      hint:
        via === 'oauth1'
          ? 'Check all four values, that the app is active, and the clock of this server; then send them again.'
          : 'The access token is expired, revoked or mistyped: get a new one, or connect by POST /v1/accounts/connect.',
      ...options,
    });
  }
  if (isAboutTheApp(details)) return appRefused(words, error);
  if (code !== 'forbidden') return unavailable(error);
  if (details.problemSlug === 'oauth1-permissions') return readOnlyToken(field);
  if (details.problemSlug === 'unsupported-authentication') {
    return new ConnectError('account_refused', `This is not a token of a user: ${words}`, {
      hint: 'Send the access token of the user to post as, not the bearer token of the app.',
      ...options,
    });
  }
  if (via === 'oauth1' || details.legacyCodes.some((each) => UNUSABLE_ACCOUNT.has(each))) {
    return new ConnectError('account_refused', `X does not let this account in: ${words}`, {
      hint: 'Log in to X as the account and do what X asks for there; then connect it again.',
      ...options,
    });
  }
  return missingScopes(scopes);
}

/** What it means that X did not give tokens for a code. */
export function codeRefusalOf(error: unknown): unknown {
  if (!isXError(error)) return error;
  const { details, code } = error;
  if (code === 'invalid_grant' || code === 'bad_request') {
    return new ConnectError('connect_code_refused', `X did not take the code: ${wordsOf(details)}`, {
      hint:
        'A code works once, within 30 seconds, and for the redirect URI that it was asked for with: ' +
        'begin again with POST /v1/accounts/connect.',
      cause: error,
    });
  }
  const isRefused = code === 'unauthorized' || code === 'forbidden' || isAboutTheApp(details);
  return isRefused ? appRefused(wordsOf(details), error) : unavailable(error);
}

/** A token of OAuth 1.0a keeps for good the permission that its app had when it was made. */
export function readOnlyToken(field?: string): ConnectError {
  return new ConnectError('scopes_missing', 'The access token may read, and not write.', {
    hint: 'Set the permissions of the app to "Read and write", then make the access token and its secret anew: old ones stay as they are.',
    ...(field !== undefined && { field }),
  });
}

function isAboutTheApp({ code, problemSlug, reason }: XErrorDetails): boolean {
  if (code === 'credits_depleted' || code === 'usage_capped') return true;
  return problemSlug === 'client-forbidden' || reason === 'client-not-enrolled';
}

function appRefused(words: string, cause: XError): ConnectError {
  return new ConnectError('x_app_refused', `X does not let the app do this: ${words}`, {
    hint:
      'For the operator: check SLIPWAY_X_CLIENT_ID and SLIPWAY_X_CLIENT_SECRET, and the state, plan and credits of the app in ' +
      "X's developer portal.",
    cause,
  });
}

function unavailable(cause: XError): ConnectError {
  return new ConnectError('x_unavailable', `X did not answer well: ${wordsOf(cause.details)}`, {
    hint: 'Nothing was connected; begin again in a minute, as a code that was sent once does not work twice.',
    cause,
  });
}

/** X's own words where it spoke. */
function wordsOf({ messages, code, status }: XErrorDetails): string {
  return messages[0] ?? (status === undefined ? code : `${status} ${code}`);
}
