import { accountAddressSchema, findAccount } from '../account-address.ts';
import { accountSchema, showAccount } from '../account-resource.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `POST /v1/accounts/{id}/release` */
export function releaseAccountRoute(app: Api, deps: RouteDeps): void {
  const { accounts, blocks } = deps;
  app.post(
    '/v1/accounts/:id/release',
    {
      schema: {
        operationId: 'releaseAccount',
        tags: ['accounts'],
        summary: 'Let a blocked account go on',
        description:
          'For when what blocked it is mended: its posts go on at once. If it is not, X says so again and they wait again. A pause stays: ' +
          'PATCH the account with `"paused": false` for that.',
        params: accountAddressSchema,
        response: {
          200: {
            description: 'The account as it is now.',
            content: { 'application/json': { schema: accountSchema } },
          },
          ...problemResponses('account_not_found'),
        },
      },
    },
    async (request, reply) => {
      const record = await findAccount(accounts, request.params.id);
      await blocks.release(record.profile.id, 'block');
      return reply.send(await showAccount(record, deps));
    },
  );
}
