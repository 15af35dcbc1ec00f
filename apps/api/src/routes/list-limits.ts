import { z } from 'zod';
import { findAccount } from '../account-address.ts';
import { staleCursor } from '../cursor.ts';
import { limitsPageSchema, viewAccountLimits, viewAppLimits } from '../limits-resource.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

const querySchema = z.strictObject({
  account: z.string().min(1).max(64).optional().describe('Only this account: its id, or its `@username`.'),
  limit: z.coerce.number().int().min(1).max(100).default(20).describe('Accounts on a page.'),
  cursor: z.string().min(1).max(64).optional().describe('`nextCursor` of the page before.'),
});

/** `GET /v1/limits` */
export function listLimitsRoute(app: Api, { accounts, xLimits, appBudgetMicroUsd }: RouteDeps): void {
  app.get(
    '/v1/limits',
    {
      schema: {
        operationId: 'listLimits',
        tags: ['accounts'],
        summary: "List what is left of X's limits and of the budgets",
        description:
          'What X says that it still takes, or is known to take, account by account and app by app; what they have cost this month; and which apps X refuses.',
        querystring: querySchema,
        response: {
          200: {
            description: 'The limits of a page of accounts.',
            content: { 'application/json': { schema: limitsPageSchema } },
          },
          ...problemResponses('invalid_request', 'account_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { account, limit, cursor = null } = request.query;
      if (cursor !== null && !cursor.startsWith('acct_')) throw staleCursor(cursor);
      const page =
        account === undefined
          ? await accounts.list({ limit, cursor })
          : { accounts: [await findAccount(accounts, account)], nextCursor: null };
      const apps = [...new Set(page.accounts.map(({ grant }) => grant.app))];
      const [ofAccounts, ofApps] = await Promise.all([
        Promise.all(
          page.accounts.map(async (record) => {
            const spending = await xLimits.ofAccount({ id: record.profile.id, tier: record.settings.tier });
            return viewAccountLimits(record, spending);
          }),
        ),
        Promise.all(
          apps.map(async (name) => viewAppLimits(name, await xLimits.ofApp(name), appBudgetMicroUsd)),
        ),
      ]);
      return reply.send({ accounts: ofAccounts, apps: ofApps, nextCursor: page.nextCursor });
    },
  );
}
