import { userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { notFoundError, refuseInvalid } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { findMedia, mediaKeysOf } from './lookup.ts';
import { isOwner } from './upload.ts';

const STEP_MS = new Map([
  ['hourly', 3_600_000],
  ['daily', 86_400_000],
  ['total', Number.POSITIVE_INFINITY],
]);
const COUNTERS = ['playback_start', 'playback_complete', 'video_views', 'watch_time_ms'] as const;
const MAX_POINTS = 1000;

/** GET /2/media/analytics for one's own media. Nobody watches here, so every counter is 0. */
export function readAnalytics(world: World, call: Call): Reply {
  const user = userOf(call);
  const { vocabulary } = world.config;
  const keys = mediaKeysOf(world, call);
  const from = readTime(world, call, 'start_time');
  const to = readTime(world, call, 'end_time');
  if (from >= to) refuseInvalid(vocabulary, "'start_time' must be before 'end_time'");
  const granularity = call.query.get('granularity') ?? 'daily';
  const stepMs = STEP_MS.get(granularity);
  if (stepMs === undefined)
    return refuseInvalid(
      vocabulary,
      `The \`granularity\` query parameter value [${granularity}] is not one of [hourly,daily,total]`,
      {
        granularity: [granularity],
      },
    );
  const { found, errors } = findMedia(world, call, keys);
  const own = found.filter((upload) => isOwner(upload, user));
  const foreign = found.filter((upload) => !isOwner(upload, user));
  const timestamps: string[] = [];
  for (let at = from; at < to && timestamps.length < MAX_POINTS; at += stepMs)
    timestamps.push(new Date(at).toISOString());
  const metrics = Object.fromEntries(COUNTERS.map((name) => [name, 0]));
  const data = own.map((upload) => ({
    media_key: upload.mediaKey,
    timestamped_metrics: timestamps.map((timestamp) => ({ timestamp, metrics })),
  }));
  const allErrors = [
    ...errors,
    ...foreign.map((upload) =>
      notFoundError(vocabulary, { type: 'media', parameter: 'media_keys', value: upload.mediaKey }),
    ),
  ];
  return answer({
    ...(data.length === 0 ? {} : { data }),
    ...(allErrors.length === 0 ? {} : { errors: allErrors }),
  });
}

function readTime(world: World, call: Call, name: string): number {
  const text = call.query.get(name);
  const ms = Date.parse(text ?? '');
  if (Number.isNaN(ms))
    refuseInvalid(
      world.config.vocabulary,
      `The \`${name}\` query parameter value [${text ?? ''}] is not a valid time`,
      {
        [name]: [text ?? ''],
      },
    );
  return ms;
}
