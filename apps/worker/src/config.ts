import { hostname } from 'node:os';
import {
  installationSettings,
  limitSettings,
  parseEnvironment,
  s3Settings,
  xSettings,
} from '@slipway/config';
import { type Policy, policySchema } from '@slipway/pipeline/core';
import { z } from 'zod';

const { shape: policy } = policySchema;

/** Every setting of a worker, by its name in the environment. docs/configuration.md is made of this. */
export const workerSettings = {
  ...installationSettings,
  ...s3Settings,
  ...xSettings,
  ...limitSettings,
  SLIPWAY_WORKER_NAME: z.string().min(1).default(`${hostname()}-${process.pid}`).meta({
    description:
      'Names this worker in logs and in the records of what it has in hand; unique in an installation.',
    defaultIs: 'host name and process id',
  }),
  SLIPWAY_WORKER_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .default(16)
    .describe(
      'Posts that one worker works on side by side, in each partition. Waiting posts are not among them.',
    ),
  SLIPWAY_WORKER_HEALTH_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port of GET /healthz on all addresses; without it there is none.'),
  SLIPWAY_WORKER_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(25_000)
    .describe(
      'After SIGTERM, how long running requests may take to reach their checkpoint before they are cut off.',
    ),
  SLIPWAY_LEASE_MS: z.coerce
    .number()
    .int()
    .min(500)
    .default(10_000)
    .describe('A post whose worker was silent for so long is given to another one.'),
  SLIPWAY_ACCOUNT_SHARE: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .default(8)
    .describe(
      'Posts of one account that are handed to the workers or in their hands at a time; the others of it wait, and other accounts go on.',
    ),
  SLIPWAY_WATCHDOG_MS: z.coerce
    .number()
    .int()
    .min(0)
    .default(60_000)
    .describe(
      'A worker that has had nothing in hand for so long, while posts were due, ends with status 1, for its supervisor to start it again; 0: never.',
    ),
  SLIPWAY_CHUNK_BYTES: policy.chunkBytes,
  SLIPWAY_SEGMENTS_IN_FLIGHT: policy.segmentsInFlight,
  SLIPWAY_PROCESSING_LIMIT_MS: policy.processingLimitMs,
  SLIPWAY_OUTAGE_LIMIT_MS: policy.outageLimitMs,
  SLIPWAY_RETRY_LIMIT: policy.retryLimit,
  SLIPWAY_RESTART_LIMIT: policy.restartLimit,
  SLIPWAY_BACKOFF_BASE_MS: policy.backoffBaseMs,
  SLIPWAY_BACKOFF_CAP_MS: policy.backoffCapMs,
  SLIPWAY_PARK_MS: policy.parkMs,
  SLIPWAY_CREATE_TIMEOUT_MS: policy.createTimeoutMs,
  SLIPWAY_CONFIRM_WINDOW_MS: policy.confirmWindowMs,
  SLIPWAY_CONFIRM_LIMIT_MS: policy.confirmLimitMs,
  SLIPWAY_LATE_AFTER_MS: policy.lateAfterMs,
  SLIPWAY_EXPIRY_MARGIN_MS: policy.expiryMarginMs,
  SLIPWAY_ABANDON_LIMIT: policy.abandonLimit,
} satisfies Record<string, z.ZodType>;

export type WorkerConfig = Readonly<z.output<z.ZodObject<typeof workerSettings>>>;

export function parseConfig(environment: Readonly<Record<string, string | undefined>>): WorkerConfig {
  return parseEnvironment(workerSettings, environment);
}

export function policyOf(config: WorkerConfig): Policy {
  return {
    chunkBytes: config.SLIPWAY_CHUNK_BYTES,
    segmentsInFlight: config.SLIPWAY_SEGMENTS_IN_FLIGHT,
    stagingLeadMs: config.SLIPWAY_STAGING_LEAD_MS,
    stagingSpreadMs: config.SLIPWAY_STAGING_SPREAD_MS,
    processingLimitMs: config.SLIPWAY_PROCESSING_LIMIT_MS,
    outageLimitMs: config.SLIPWAY_OUTAGE_LIMIT_MS,
    retryLimit: config.SLIPWAY_RETRY_LIMIT,
    restartLimit: config.SLIPWAY_RESTART_LIMIT,
    backoffBaseMs: config.SLIPWAY_BACKOFF_BASE_MS,
    backoffCapMs: config.SLIPWAY_BACKOFF_CAP_MS,
    parkMs: config.SLIPWAY_PARK_MS,
    createTimeoutMs: config.SLIPWAY_CREATE_TIMEOUT_MS,
    confirmWindowMs: config.SLIPWAY_CONFIRM_WINDOW_MS,
    confirmLimitMs: config.SLIPWAY_CONFIRM_LIMIT_MS,
    lateAfterMs: config.SLIPWAY_LATE_AFTER_MS,
    expiryMarginMs: config.SLIPWAY_EXPIRY_MARGIN_MS,
    abandonLimit: config.SLIPWAY_ABANDON_LIMIT,
    prices: config.SLIPWAY_X_PRICES,
  };
}
