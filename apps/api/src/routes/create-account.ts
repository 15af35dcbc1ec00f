import type { PastedCredentials } from '@slipway/accounts';
import { createAccountSchema, type CreateAccount } from '../account-request.ts';
import { accountSchema, showAccount } from '../account-resource.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `POST /v1/accounts` */
export function createAccountRoute(app: Api, deps: RouteDeps): void {
  const { connecting } = deps;
  app.post(
    '/v1/accounts',
    {
      schema: {
        operationId: 'createAccount',
        tags: ['accounts'],
        summary: 'Connect an account by its credentials',
        description:
          'Takes tokens of OAuth 2.0 or keys of OAuth 1.0a that were made elsewhere. X is asked whose they are and whether they are good for ' +
          'posting; only then are they kept. An account that is known already gets them in place of those that it had, and its posts go on.',
        body: createAccountSchema,
        response: {
          200: { description: 'The account.', content: { 'application/json': { schema: accountSchema } } },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'body_too_large',
            'unsupported_media_type',
            'account_refused',
            'scopes_missing',
            'x_app_refused',
            'x_unavailable',
            'store_unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const record = await connecting.paste(credentialsIn(request.body));
      return reply.send(await showAccount(record, deps));
    },
  );
}

function credentialsIn({ oauth2, oauth1 }: CreateAccount): PastedCredentials {
  if (oauth2) return { type: 'oauth2', ...oauth2 };
  if (oauth1) return { type: 'oauth1', ...oauth1 };
  throw new Error('the schema lets no body pass that has neither');
}
