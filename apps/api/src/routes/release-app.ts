import { z } from 'zod';
import { appLimitsSchema, viewAppLimits } from '../limits-resource.ts';
import type { Api, RouteDeps } from '../route-deps.ts';

const addressSchema = z.object({
  app: z
    .string()
    .min(1)
    .max(200)
    .describe('The X app, as GET /v1/limits and the accounts name it: its client id or consumer key.'),
});

const releasedSchema = z
  .strictObject({
    ...appLimitsSchema.shape,
    released: z.boolean().describe('Whether it was parked.'),
    accountsReleased: z.int().min(0).describe('Accounts that were blocked for its sake.'),
  })
  .meta({ id: 'ReleasedApp', description: 'An app whose accounts call X again.' });

/** `POST /v1/apps/{app}/release` */
export function releaseAppRoute(app: Api, { parks, blocks, xLimits, appBudgetMicroUsd }: RouteDeps): void {
  app.post(
    '/v1/apps/:app/release',
    {
      schema: {
        operationId: 'releaseApp',
        tags: ['accounts'],
        summary: 'Let the accounts of an app call X again',
        description:
          'For when credits were bought, the cap was raised, or the app may post again: all its accounts go on at once. If X refuses still, it says so again and they wait again. There is no harm in releasing an app that is not parked.',
        params: addressSchema,
        response: {
          200: {
            description: 'The app as it is now.',
            content: { 'application/json': { schema: releasedSchema } },
          },
        },
      },
    },
    async (request, reply) => {
      const { app: name } = request.params;
      // The app first: whoever is released before it would be blocked again.
      const park = await parks.release(name);
      const accountsReleased = await blocks.releaseApp(name);
      const view = viewAppLimits(name, await xLimits.ofApp(name), appBudgetMicroUsd);
      return reply.send({ ...view, released: park !== null, accountsReleased });
    },
  );
}
