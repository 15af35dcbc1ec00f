import { z } from 'zod';
import { requireData } from './answer.ts';
import type { Authority } from './authorize.ts';
import { checkInputOf } from './check.ts';
import type { XAccountClient } from './client-types.ts';
import { endpoints } from './endpoints.ts';
import { compact, count, listOf, part } from './lenient.ts';
import type { Transport } from './transport.ts';
import type { Usage } from './user-types.ts';

const FIELDS = [
  'cap_reset_day',
  'daily_client_app_usage',
  'daily_project_usage',
  'project_cap',
  'project_id',
  'project_usage',
];

const appId = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(() => undefined);

const day = z.object({ date: z.string(), usage: count }).transform((data) => compact(data));

/** Numbers come as strings in newer versions of the API, as integers in older ones. */
const usage = z
  .object({
    project_id: appId,
    project_cap: count,
    project_usage: count,
    cap_reset_day: count,
    daily_project_usage: part({ usage: listOf(day) }),
    daily_client_app_usage: listOf(z.object({ client_app_id: appId, usage: listOf(day) })),
  })
  .transform((data): Usage =>
    compact({
      projectId: data.project_id,
      projectCap: data.project_cap,
      projectUsage: data.project_usage,
      capResetDay: data.cap_reset_day,
      daily: data.daily_project_usage?.usage ?? [],
      apps: data.daily_client_app_usage.map((app) =>
        compact({ clientAppId: app.client_app_id, daily: app.usage }),
      ),
    }),
  );

export function createUsageCall({ send }: Transport, authority: Authority): XAccountClient['usage'] {
  return async ({ days } = {}, options) => {
    const endpoint = endpoints.usage;
    checkInputOf(endpoint).integer('days', days, 1, 90);
    const query = { days, 'usage.fields': FIELDS.join(',') };
    return requireData(await send({ endpoint, query, authority, options }), usage, (data) => data);
  };
}
