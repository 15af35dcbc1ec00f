import { z } from 'zod';
import { accountSchema, showAccount } from '../account-resource.ts';
import { staleCursor } from '../cursor.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

const querySchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).describe('Accounts on a page.'),
  cursor: z.string().min(1).max(64).optional().describe('`nextCursor` of the page before.'),
});

const pageSchema = z
  .strictObject({
    accounts: z.array(accountSchema).describe('In the order of their ids.'),
    nextCursor: z
      .string()
      .nullable()
      .describe('Asks for the next page; null on the last one. It stays right while accounts come and go.'),
  })
  .meta({ id: 'AccountPage', description: 'A page of accounts.' });

/** `GET /v1/accounts` */
export function listAccountsRoute(app: Api, deps: RouteDeps): void {
  const { accounts } = deps;
  app.get(
    '/v1/accounts',
    {
      schema: {
        operationId: 'listAccounts',
        tags: ['accounts'],
        summary: 'List accounts',
        description:
          'The X users that this server can post as, page by page. Their credentials are never shown.',
        querystring: querySchema,
        response: {
          200: {
            description: 'A page of accounts.',
            content: { 'application/json': { schema: pageSchema } },
          },
          ...problemResponses('invalid_request'),
        },
      },
    },
    async (request, reply) => {
      const { limit, cursor = null } = request.query;
      if (cursor !== null && !cursor.startsWith('acct_')) throw staleCursor(cursor);
      const page = await accounts.list({ limit, cursor });
      const views = await Promise.all(page.accounts.map((record) => showAccount(record, deps)));
      return reply.send({ accounts: views, nextCursor: page.nextCursor });
    },
  );
}
