import { randomBytes } from 'node:crypto';
import { type OAuth2Client, type XClient, createPkce } from '@slipway/x-media';
import type { AccountRecord, ConnectAttempts } from '@slipway/store';
import { z } from 'zod';
import { ConnectError } from './connect-error.ts';
import { inspectCredentials } from './inspect-credentials.ts';
import type { KeyRing } from './key-ring.ts';
import { REQUIRED_SCOPES } from './scopes.ts';
import { SealError, open, seal } from './seal.ts';
import type { ConnectedAccount } from './vault.ts';
import { codeRefusalOf } from './x-refusals.ts';

/** How long a person may take to log in to X and to authorize the app. */
const ATTEMPT_TTL_MS = 10 * 60_000;

/** The path of the API's own page for people who come back. For other redirect URIs, the caller's server must come back itself. */
export const CALLBACK_PATH = '/v1/accounts/callback';

/** What is remembered of an attempt, sealed. */
const attemptSchema = z.object({
  /** Who began it: nobody else ends it. */
  caller: z.string(),
  redirectUri: z.string(),
  codeVerifier: z.string(),
});
type Attempt = z.infer<typeof attemptSchema>;

export interface ConnectByCodeDeps {
  x: XClient;
  /** This installation's X app; null: it has none. */
  client: OAuth2Client | null;
  /** As they are registered with X; the first is the default. */
  redirectUris: readonly string[];
  attempts: ConnectAttempts;
  ring: KeyRing;
  /** Epoch ms. */
  now: () => number;
  keep: (account: ConnectedAccount) => Promise<AccountRecord>;
}

/** OAuth 2.0 with PKCE: a state and a verifier for one attempt of one caller. */
export interface ConnectByCode {
  /** `caller` tells who begins it. `expiresAt`: epoch ms. */
  begin(
    caller: string,
    redirectUri?: string,
  ): Promise<{ authorizeUrl: string; state: string; expiresAt: number }>;
  /** `caller` null: the browser itself came, to the API's own page. The attempt is over, whatever comes of it. */
  finish(back: { state: string; code: string; caller: string | null }): Promise<AccountRecord>;
  /** The person came back without a code. */
  abandon(state: string): Promise<void>;
}

export function createConnectByCode(deps: ConnectByCodeDeps): ConnectByCode {
  const { x, redirectUris, attempts, ring, now, keep } = deps;

  const requireClient = (): OAuth2Client => {
    if (deps.client !== null && redirectUris.length > 0) return deps.client;
    throw new ConnectError('connect_not_configured', 'This server has no X app to connect accounts with.', {
      hint:
        'For the operator: set SLIPWAY_X_CLIENT_ID and SLIPWAY_X_REDIRECT_URIS, and SLIPWAY_X_CLIENT_SECRET for a confidential ' +
        'client. Or send tokens that were made elsewhere with POST /v1/accounts.',
    });
  };

  const take = async (state: string, caller: string | null): Promise<Attempt> => {
    const attempt = openAttempt(ring, state, await attempts.take(state));
    const isTheirs = attempt !== null && (caller ?? callerOfPage(attempt)) === attempt.caller;
    if (isTheirs) return attempt;
    throw new ConnectError('connect_attempt_unknown', 'This attempt to connect an account is not open.', {
      hint:
        'A state is used once, within 10 minutes, and with the API key that it was begun with: begin again with ' +
        'POST /v1/accounts/connect.',
    });
  };

  return {
    async begin(caller, redirectUri) {
      const { clientId } = requireClient();
      const target = redirectUri ?? redirectUris[0] ?? '';
      if (!redirectUris.includes(target)) {
        throw new ConnectError('redirect_unknown', 'This is none of the redirect URIs of this server.', {
          hint: `Use one of: ${redirectUris.join(', ')}. They are set by SLIPWAY_X_REDIRECT_URIS and must be registered with X.`,
          field: 'redirectUri',
        });
      }
      const state = randomBytes(32).toString('base64url');
      const { codeVerifier, codeChallenge } = createPkce();
      const attempt: Attempt = { caller, redirectUri: target, codeVerifier };
      const expiresAt = now() + ATTEMPT_TTL_MS;
      await attempts.put(state, seal(ring, aboutAttempt(state), JSON.stringify(attempt)), ATTEMPT_TTL_MS);
      const authorizeUrl = x.oauth2.authorizeUrl({
        clientId,
        redirectUri: target,
        scopes: REQUIRED_SCOPES,
        state,
        codeChallenge,
      });
      return { authorizeUrl, state, expiresAt };
    },

    async finish({ state, code, caller }) {
      const client = requireClient();
      const { redirectUri, codeVerifier } = await take(state, caller);
      const { data: tokens } = await x.oauth2
        .exchangeCode({ ...client, code, redirectUri, codeVerifier })
        .catch((error: unknown) => {
          throw codeRefusalOf(error);
        });
      const { accessToken, refreshToken = null, scopes, expiresAt = null } = tokens;
      // X has always named the scopes so far; where it does not, it is asked.
      const granted = scopes.length > 0 ? scopes : null;
      const user = await inspectCredentials(x, { type: 'oauth2', accessToken }, { granted });
      return keep({
        username: user.username,
        xUserId: user.id,
        app: client.clientId,
        scopes: granted,
        expiresAt,
        secret: { type: 'oauth2', accessToken, refreshToken },
      });
    },

    async abandon(state) {
      await attempts.take(state);
    },
  };
}

/** Whoever has the state is let in at our own page; an attempt for another redirect URI needs its caller's key. */
function callerOfPage({ redirectUri, caller }: Attempt): string | null {
  return URL.parse(redirectUri)?.pathname.endsWith(CALLBACK_PATH) === true ? caller : null;
}

function openAttempt(ring: KeyRing, state: string, sealed: string | null): Attempt | null {
  if (sealed === null) return null;
  try {
    return attemptSchema.parse(JSON.parse(open(ring, aboutAttempt(state), sealed)));
  } catch (error) {
    // Sealed under a key that was taken out since.
    if (error instanceof SealError) return null;
    throw error;
  }
}

function aboutAttempt(state: string): string {
  return `connect ${state}`;
}
