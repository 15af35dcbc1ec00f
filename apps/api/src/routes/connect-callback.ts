import { finishConnectSchema } from '../account-request.ts';
import { accountSchema, showAccount } from '../account-resource.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `POST /v1/accounts/callback` */
export function connectCallbackRoute(app: Api, deps: RouteDeps): void {
  const { connecting } = deps;
  app.post(
    '/v1/accounts/callback',
    {
      schema: {
        operationId: 'finishConnect',
        tags: ['accounts'],
        summary: 'Connect the account of a person who came back',
        description:
          'For redirect URIs of your own: send what X put into the query, within 30 seconds, with the API key that the attempt was begun with.',
        body: finishConnectSchema,
        response: {
          200: { description: 'The account.', content: { 'application/json': { schema: accountSchema } } },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'connect_not_configured',
            'connect_attempt_unknown',
            'body_too_large',
            'unsupported_media_type',
            'account_refused',
            'scopes_missing',
            'connect_code_refused',
            'x_app_refused',
            'x_unavailable',
            'store_unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, body } = request;
      const record = await connecting.finish({ ...body, caller });
      return reply.send(await showAccount(record, deps));
    },
  );
}
