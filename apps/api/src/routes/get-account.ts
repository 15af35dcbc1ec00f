import { accountAddressSchema, findAccount } from '../account-address.ts';
import { accountSchema, showAccount } from '../account-resource.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `GET /v1/accounts/{id}` */
export function getAccountRoute(app: Api, deps: RouteDeps): void {
  const { accounts } = deps;
  app.get(
    '/v1/accounts/:id',
    {
      schema: {
        operationId: 'getAccount',
        tags: ['accounts'],
        summary: 'Look at an account',
        description: 'Who it is, how it is connected, whether it can post and what keeps it from that.',
        params: accountAddressSchema,
        response: {
          200: { description: 'The account.', content: { 'application/json': { schema: accountSchema } } },
          ...problemResponses('account_not_found'),
        },
      },
    },
    async (request, reply) => {
      const record = await findAccount(accounts, request.params.id);
      return reply.send(await showAccount(record, deps));
    },
  );
}
