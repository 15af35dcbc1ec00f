import { accountAddressSchema, accountNotFound, findAccount } from '../account-address.ts';
import { changeAccountSchema } from '../account-request.ts';
import { accountSchema, showAccount } from '../account-resource.ts';
import { problemResponses } from '../problems.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

/** `PATCH /v1/accounts/{id}` */
export function changeAccountRoute(app: Api, deps: RouteDeps): void {
  const { accounts, blocks } = deps;
  app.patch(
    '/v1/accounts/:id',
    {
      schema: {
        operationId: 'changeAccount',
        tags: ['accounts'],
        summary: 'Change an account, pause it or let it go on',
        description:
          'Posts of a paused account wait, those that are staged too; as soon as it is resumed they go on where they were. A budget that is changed ' +
          'lets posts go on that waited for the old one.',
        params: accountAddressSchema,
        body: changeAccountSchema,
        response: {
          200: {
            description: 'The account as it is now.',
            content: { 'application/json': { schema: accountSchema } },
          },
          ...problemResponses(
            'invalid_json',
            'invalid_utf8',
            'invalid_request',
            'account_not_found',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const { paused, ...settings } = request.body;
      const {
        profile: { id },
      } = await findAccount(accounts, request.params.id);
      const record = await accounts.updateSettings(id, (before) => ({ ...before, ...dropAbsent(settings) }));
      if (!record) throw accountNotFound(request.params.id);
      if (paused === true)
        await blocks.pause(id, 'Paused by its owner; PATCH it with "paused": false to let it go on.');
      if (paused === false) await blocks.release(id, 'pause');
      if (settings.monthlyBudgetUsd !== undefined && (await blocks.get(id)).block?.cause === 'budget')
        await blocks.release(id, 'block');
      return reply.send(await showAccount(record, deps));
    },
  );
}

/** Zod leaves keys of absent fields out, but its types do not say so. */
function dropAbsent<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined has just been taken out
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
