import { z } from 'zod';
import { accountAddressSchema, accountNotFound, findAccount } from '../account-address.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

const disconnectedSchema = z
  .strictObject({
    id: z.string().describe('Its id; it gets the same when it is connected again.'),
    username: z.string().describe('Its name on X, without the @.'),
    revoked: z.boolean().describe('Whether X has said that the tokens are revoked.'),
    detail: z.string().describe("What became of the tokens on X, in X's own words where X refused."),
  })
  .meta({ id: 'Disconnected', description: 'An account that is connected no more.' });

/** `DELETE /v1/accounts/{id}` */
export function disconnectAccountRoute(app: Api, { accounts, connecting }: RouteDeps): void {
  app.delete(
    '/v1/accounts/:id',
    {
      schema: {
        operationId: 'disconnectAccount',
        tags: ['accounts'],
        summary: 'Disconnect an account',
        description:
          'Revokes its tokens at X, as far as X lets us, and forgets them. Its posts that are not published wait, for it to be connected again or for ' +
          'you to cancel them.',
        params: accountAddressSchema,
        response: {
          200: {
            description: 'The account is gone.',
            content: { 'application/json': { schema: disconnectedSchema } },
          },
          ...problemResponses('account_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { profile } = await findAccount(accounts, request.params.id);
      const revocation = await connecting.disconnect(profile.id);
      if (!revocation) throw accountNotFound(request.params.id);
      return reply.send({ id: profile.id, username: profile.username, ...revocation });
    },
  );
}
