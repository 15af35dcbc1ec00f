import { z } from 'zod';
import type { Api, RouteDeps } from '../route-deps.ts';

const accountSchema = z
  .strictObject({
    id: z.string().describe('`acct_` and 26 characters.'),
    username: z.string().describe('Its name on X, without the @.'),
  })
  .meta({ id: 'Account', description: 'An X user to post as.' });

/** `GET /v1/accounts` */
export function listAccountsRoute(app: Api, { accounts }: RouteDeps): void {
  app.get(
    '/v1/accounts',
    {
      schema: {
        operationId: 'listAccounts',
        tags: ['accounts'],
        summary: 'List accounts',
        description: 'The X users that this server can post as. Their credentials are never shown.',
        response: {
          200: {
            description: 'All accounts.',
            content: { 'application/json': { schema: z.strictObject({ accounts: z.array(accountSchema) }) } },
          },
        },
      },
    },
    async (_request, reply) => {
      const page = await accounts.list({ limit: 1_000, cursor: null });
      return reply.send({
        accounts: page.accounts.map(({ profile: { id, username } }) => ({ id, username })),
      });
    },
  );
}
