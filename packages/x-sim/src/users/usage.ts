import type { Call } from '../http/call.ts';
import { refuseInvalid } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';

const DAY_MS = 86_400_000;
const PROJECT_CAP = 3_000_000;

/** GET /2/usage/tweets: post reads, not writes. Numbers are strings in the new vocabulary and integers in the old. */
export function readUsage(world: World, call: Call): Reply {
  const days = Number(call.query.get('days') ?? '7');
  if (!Number.isInteger(days) || days < 1 || days > 90)
    refuseInvalid(
      world.config.vocabulary,
      `The \`days\` query parameter value [${call.query.get('days')}] is not between 1 and 90`,
      { days: [call.query.get('days') ?? ''] },
    );
  const number = (value: number) => (world.config.vocabulary === 'old' ? value : String(value));
  const reads = ['users.timeline', 'posts.lookup'].reduce(
    (sum, operation) => sum + (world.requests[operation]?.['200'] ?? 0),
    0,
  );
  const wanted = new Set((call.query.get('usage.fields') ?? '').split(','));
  const today = new Date(call.now - (call.now % DAY_MS)).toISOString();
  const usage = [{ date: today, usage: number(reads) }];
  const optional: Record<string, unknown> = {
    cap_reset_day: 1,
    daily_project_usage: { project_id: number(1), usage },
    daily_client_app_usage: [{ client_app_id: call.caller.appId, usage, usage_result_count: usage.length }],
  };
  const data: Record<string, unknown> = {
    project_cap: number(PROJECT_CAP),
    project_id: number(1),
    project_usage: number(reads),
  };
  for (const [field, value] of Object.entries(optional)) if (wanted.has(field)) data[field] = value;
  return answer({ data });
}
