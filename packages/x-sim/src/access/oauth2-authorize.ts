import { newSecret, SCOPES } from '../accounts.ts';
import type { Call } from '../http/call.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';

const MAX_STATE_CHARACTERS = 500;

/**
 * GET /i/oauth2/authorize (and /2/oauth2/authorize): X's consent page. Shows one link for each user; with
 * `approve=<user id>` in the query, or `autoApproveUserId` in the config, it redirects with a code at once.
 */
export function authorize(world: World, call: Call): Reply {
  const { query, now } = call;
  const param = (name: string) => query.get(name) ?? '';
  const app = [...world.accounts.apps.values()].find(
    (candidate) => candidate.clientId === param('client_id'),
  );
  const redirectUri = param('redirect_uri');
  // Nothing is sent to an address that the app has not registered.
  if (app === undefined || !app.redirectUris.includes(redirectUri))
    return page('Something went wrong', '<p>You weren’t able to give access to the App.</p>', 400);

  const state = param('state');
  const redirect = (result: Record<string, string>): Reply => {
    const target = new URL(redirectUri);
    for (const [name, value] of Object.entries({ ...(state === '' ? {} : { state }), ...result }))
      target.searchParams.set(name, value);
    return { status: 302, headers: { location: target.href } };
  };
  const scopes = param('scope').split(' ').filter(Boolean);
  const method = param('code_challenge_method') || 'plain';
  if (param('response_type') !== 'code') return redirect({ error: 'unsupported_response_type' });
  if (scopes.length === 0 || scopes.some((scope) => !(SCOPES as readonly string[]).includes(scope)))
    return redirect({ error: 'invalid_scope' });
  if (state.length > MAX_STATE_CHARACTERS || param('code_challenge') === '' || !isChallengeMethod(method))
    return redirect({ error: 'invalid_request' });
  if (param('deny') !== '') return redirect({ error: 'access_denied' });

  const approved = query.get('approve') ?? world.config.autoApproveUserId;
  const user = approved === null ? undefined : world.accounts.userByName(approved);
  if (user === undefined) return consentPage(world, query, app.name, scopes);
  const code = newSecret('code');
  world.grants.putCode({
    code,
    appId: app.id,
    userId: user.id,
    redirectUri,
    scopes,
    challenge: { value: param('code_challenge'), method },
    expiresAt: now + world.config.authorizationCodeTtlMs,
  });
  return redirect({ code });
}

function isChallengeMethod(method: string): method is 'S256' | 'plain' {
  return method === 'S256' || method === 'plain';
}

function consentPage(world: World, query: URLSearchParams, appName: string, scopes: string[]): Reply {
  const link = (name: string, value: string, label: string) => {
    const target = new URLSearchParams(query);
    target.set(name, value);
    return `<li><a href="?${escapeHtml(target.toString())}">${escapeHtml(label)}</a></li>`;
  };
  const users = [...world.accounts.users.values()].map((user) =>
    link('approve', user.id, `Authorize app as @${user.username}`),
  );
  return page(
    `${appName} wants to access your X account`,
    `<p>Simulated X. The app asks for: ${escapeHtml(scopes.join(', '))}.</p><ul>${users.join('')}${link('deny', '1', 'Cancel')}</ul>`,
    200,
  );
}

function page(title: string, content: string, status: number): Reply {
  return {
    status,
    contentType: 'text/html; charset=utf-8',
    body: `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body><h1>${escapeHtml(title)}</h1>${content}</body></html>\n`,
  };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
