import { z } from 'zod';
import { beginConnectSchema } from '../account-request.ts';
import { formatInstant, instantSchema } from '../instants.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

const begunSchema = z
  .strictObject({
    authorizeUrl: z
      .string()
      .describe('Open it in the browser of a person who is logged in to X as the account to connect.'),
    state: z.string().describe('Comes back with the person; it is used once. Keep it to yourself.'),
    expiresAt: instantSchema.describe('Until when the person must have come back.'),
  })
  .meta({ id: 'BegunConnect', description: 'Where a person authorizes the app.' });

/** `POST /v1/accounts/connect` */
export function connectAccountRoute(app: Api, { connecting }: RouteDeps): void {
  app.post(
    '/v1/accounts/connect',
    {
      schema: {
        operationId: 'beginConnect',
        tags: ['accounts'],
        summary: 'Begin to connect an account',
        description:
          'By OAuth 2.0 with PKCE. X sends the person back to the redirect URI: to `GET /v1/accounts/callback`, where all is done, or to a page of ' +
          'yours, whose server then sends what came to `POST /v1/accounts/callback`, with the same API key as this call.',
        body: beginConnectSchema.nullish(),
        response: {
          200: {
            description: 'Send the person there.',
            content: { 'application/json': { schema: begunSchema } },
          },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'connect_not_configured',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, body } = request;
      const { authorizeUrl, state, expiresAt } = await connecting.begin(caller, body?.redirectUri);
      return reply.send({ authorizeUrl, state, expiresAt: formatInstant(expiresAt) });
    },
  );
}
