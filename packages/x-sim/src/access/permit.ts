import type { User } from '../accounts.ts';
import { blankProblem, refuseBlank, typedProblem } from '../http/problems.ts';
import { Refusal } from '../http/reply.ts';
import type { World } from '../world.ts';
import type { Identity } from './identify.ts';

/** What an operation asks of its caller. */
export interface Requirement {
  operation: string;
  auth: readonly ('user' | 'app')[];
  scopes: readonly string[];
  /** Whether a read-only app may call it. */
  writes: boolean;
}

const TYPE_NAMES = {
  user: ['OAuth 1.0a User Context', 'OAuth 2.0 User Context'],
  app: ['OAuth 2.0 Application-Only'],
};

/** The caller that a permitted request acts as; `user` is null for app-only calls. */
export interface Caller {
  user: User | null;
  appId: string;
  /** What a token of OAuth 1.0a may do; tokens of OAuth 2.0 have scopes instead. */
  accessLevel?: 'read' | 'read-write';
}

/** Refuses a request that X would not let through: credentials, kind of credentials, app, account, scopes. */
export function permit(world: World, identity: Identity, requirement: Requirement): Caller {
  const { vocabulary } = world.config;
  if (identity.kind === 'none') {
    if (identity.why === 'bad_timestamp')
      throw new Refusal({
        status: 401,
        body: { errors: [{ code: 135, message: 'Timestamp out of bounds.' }] },
      });
    return refuseBlank(401);
  }
  const app = world.accounts.apps.get(identity.appId);
  if (app === undefined || app.status === 'suspended') return refuseBlank(401);
  if (!requirement.auth.includes(identity.kind)) {
    const allowed = requirement.auth.flatMap((kind) => TYPE_NAMES[kind]).join(', ');
    const used = identity.kind === 'app' ? 'OAuth 2.0 Application-Only' : 'OAuth 2.0 User Context';
    throw new Refusal(
      typedProblem(vocabulary, 403, 'unsupported-authentication', {
        title: 'Unsupported Authentication',
        detail: `Authenticating with ${used} is forbidden for this endpoint. Supported authentication types are [${allowed}].`,
      }),
    );
  }
  if (app.status === 'not_enrolled')
    throw new Refusal(
      typedProblem(vocabulary, 403, 'client-forbidden', {
        title: 'Client Forbidden',
        detail:
          'When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a developer App that is attached to a Project.',
        client_id: app.id,
        reason: 'client-not-enrolled',
        required_enrollment: 'Appropriate Level of API Access',
        registration_url: 'https://developer.x.com/en/docs/projects/overview',
      }),
    );
  if (identity.kind === 'app') return { user: null, appId: app.id };

  const user = world.accounts.users.get(identity.userId);
  if (user === undefined) return refuseBlank(401);
  if (user.status !== 'active') throw new Refusal(accountRefusal(user.status));
  if (requirement.writes && identity.via === 'oauth1' && app.permission === 'read')
    throw new Refusal(
      typedProblem(vocabulary, 403, 'oauth1-permissions', {
        title: 'Forbidden',
        detail:
          'Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.',
      }),
    );
  const { scopes } = identity;
  if (scopes !== 'all' && requirement.scopes.some((scope) => !scopes.has(scope)))
    throw new Refusal(blankProblem(403));
  return {
    user,
    appId: app.id,
    ...(identity.via === 'oauth1' && { accessLevel: app.permission === 'read' ? 'read' : 'read-write' }),
  };
}

function accountRefusal(status: 'locked' | 'suspended') {
  return status === 'locked'
    ? {
        status: 403,
        body: {
          errors: [
            {
              code: 326,
              message:
                'To protect our users from spam and other malicious activity, this account is temporarily locked. Please log in to https://x.com to unlock your account.',
            },
          ],
        },
      }
    : {
        status: 403,
        body: {
          errors: [
            { code: 64, message: 'Your account is suspended and is not permitted to access this feature.' },
          ],
        },
      };
}
