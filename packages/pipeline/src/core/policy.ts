import { z } from 'zod';
import { pricesSchema } from './prices.ts';

const MINUTE_MS = 60_000;

/** Every choice of the pipeline that an operator may change; instants and lengths in milliseconds, sizes in bytes. */
export const policySchema = z.object({
  chunkBytes: z.coerce
    .number()
    .int()
    .min(16 * 1024)
    .max(4 * 1024 * 1024)
    .default(4 * 1024 * 1024)
    .describe(
      'Size of an upload segment in bytes; X has answered 413 above 4 MiB. Fixed when an upload begins.',
    ),
  segmentsInFlight: z.coerce
    .number()
    .int()
    .min(1)
    .max(16)
    .default(3)
    .describe(
      'Segments of one media item that are sent side by side. Also the most that is sent again after a crash.',
    ),
  stagingLeadMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(20 * 60 * MINUTE_MS)
    .default(10 * MINUTE_MS)
    .describe(
      'How long before its time a post with media begins to upload, at the least; large media on a slow link begin earlier by themselves.',
    ),
  stagingSpreadMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(4 * 60 * MINUTE_MS)
    .default(10 * MINUTE_MS)
    .describe(
      'Posts with media begin up to so much earlier still, each at another moment: those that are due together do not all upload together.',
    ),
  processingLimitMs: z.coerce
    .number()
    .int()
    .min(1000)
    .default(30 * MINUTE_MS)
    .describe(
      'How long X may process one media item before the upload is started over once, and then given up.',
    ),
  outageLimitMs: z.coerce
    .number()
    .int()
    .min(0)
    .default(60 * MINUTE_MS)
    .describe('How long an outage of X or S3 (5xx, 404 from the media endpoints, no connection) is sat out.'),
  retryLimit: z.coerce
    .number()
    .int()
    .min(0)
    .default(6)
    .describe('Retries of one step for failures of one class; every progress gives them back.'),
  restartLimit: z.coerce
    .number()
    .int()
    .min(0)
    .default(2)
    .describe('How often the upload of one media item is started over for one reason.'),
  backoffBaseMs: z.coerce
    .number()
    .int()
    .min(1)
    .default(1000)
    .describe('First backoff; it doubles with each retry, with full jitter.'),
  backoffCapMs: z.coerce
    .number()
    .int()
    .min(1)
    .default(MINUTE_MS)
    .describe('Longest backoff between two retries.'),
  parkMs: z.coerce
    .number()
    .int()
    .min(1000)
    .default(15 * MINUTE_MS)
    .describe('How long a post waits before it looks again whether its account or the credits are back.'),
  createTimeoutMs: z.coerce
    .number()
    .int()
    .min(1000)
    .default(30_000)
    .describe('Time limit of the request that creates the post.'),
  confirmWindowMs: z.coerce
    .number()
    .int()
    .min(0)
    .default(10 * MINUTE_MS)
    .describe(
      "When it is not known whether X has made a post: how long it is looked for on the account's timeline, five times, before it counts as not there. X's timelines lag, by minutes at times.",
    ),
  confirmLimitMs: z.coerce
    .number()
    .int()
    .min(0)
    .default(24 * 60 * MINUTE_MS)
    .describe('How long a timeline that cannot be read is asked again before the post ends as unconfirmed.'),
  lateAfterMs: z.coerce
    .number()
    .int()
    .min(0)
    .default(15 * MINUTE_MS)
    .describe(
      'A post with `ifLate: "skip"` is not posted any more when its time has passed by more than this.',
    ),
  expiryMarginMs: z.coerce
    .number()
    .int()
    .min(0)
    .default(MINUTE_MS)
    .describe('A media id that expires within this of its use is uploaded again.'),
  abandonLimit: z.coerce
    .number()
    .int()
    .min(1)
    .default(10)
    .describe(
      'So many workers in a row may die with a post in hand, without progress between; with the next one it fails as poison.',
    ),
  prices: pricesSchema.prefault({}),
});

export type Policy = z.infer<typeof policySchema>;

/** X takes an image of up to this many bytes in a single request. */
export const ONE_SHOT_MAX_BYTES = 5_000_000;

/** The polling bounds for `check_after_secs`: its default when X leaves it out, and the clamp. */
export const POLL = { defaultMs: 5_000, minMs: 1_000, maxMs: 60_000 } as const;
