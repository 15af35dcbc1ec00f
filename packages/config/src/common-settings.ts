import { keyRingSetting } from '@slipway/accounts/key-ring';
import { TIERS, limitOverridesSchema, microUsd, policySchema, pricesSchema } from '@slipway/pipeline/core';
import { parseRedisUrl } from '@slipway/store/redis-url';
import { z } from 'zod';
import { jsonSetting } from './json-setting.ts';

/** Settings that mean the same to every process, and must be the same for all of an installation. */
export const installationSettings = {
  REDIS_URL: z
    .string()
    .superRefine((url, context) => {
      try {
        parseRedisUrl(url);
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : String(error));
      }
    })
    .describe(
      'The Redis (6.2 or newer) or Valkey (7.2 or newer) that keeps the posts: redis://[user:password@]host:port[/db], rediss:// with TLS, redis+sentinel:// for the master that Sentinels know (see redis.md).',
    ),
  SLIPWAY_PARTITIONS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1024)
    .default(1)
    .describe('Partitions of the store, for a Redis Cluster; fixed once there are posts.'),
  SLIPWAY_REDIS_REPLICAS: z.coerce
    .number()
    .int()
    .min(0)
    .max(16)
    .default(0)
    .describe(
      "Replicas of Redis that must have received a post's intent before the post is created on X. Set it where there are replicas: then a failover cannot forget the intent.",
    ),
  SLIPWAY_SECRET_KEYS: keyRingSetting,
  SLIPWAY_ACCOUNTS_FILE: z
    .string()
    .optional()
    .describe(
      'JSON file of accounts to post as, with their credentials. They are taken into Redis at the start, and again when their credentials in the file have changed. Accounts that are connected by the API need none.',
    ),
  SLIPWAY_X_TIER: z
    .enum(TIERS)
    .default('pay_per_use')
    .describe(
      "Plan of the X app, by which X's limits are known: that of accounts which have none of their own.",
    ),
  SLIPWAY_ENV: z
    .enum(['development', 'production'])
    .default('development')
    .describe('In production nothing starts on a Redis whose settings put posts at risk.'),
  SLIPWAY_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe level that is logged; logs are JSON lines on standard output.'),
  SLIPWAY_STAGING_LEAD_MS: policySchema.shape.stagingLeadMs,
  SLIPWAY_STAGING_SPREAD_MS: policySchema.shape.stagingSpreadMs,
} satisfies Record<string, z.ZodType>;

/** Where posts go. */
export const xSettings = {
  SLIPWAY_X_BASE_URL: z
    .url()
    .default('https://api.x.com')
    .describe('Where X is; the simulator in development.'),
  SLIPWAY_X_CLIENT_ID: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional()
    .describe('OAuth 2.0 client id of the X app, to refresh tokens and to connect accounts.'),
  SLIPWAY_X_CLIENT_SECRET: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional()
    .describe('Its client secret, for an app that X calls a confidential client. A public one has none.'),
} satisfies Record<string, z.ZodType>;

/** What X takes, and what it charges: the same to whoever asks it and to whoever tells of it. */
export const limitSettings = {
  SLIPWAY_X_LIMITS: jsonSetting(limitOverridesSchema).describe(
    'Limits that are known better than those of X\'s documents, as JSON by tier, endpoint and window (user15m, user3h, user24h, app15m, app24h); null lifts one: {"pay_per_use": {"POST /2/tweets": {"user15m": 50}}}.',
  ),
  SLIPWAY_X_PRICES: jsonSetting(pricesSchema).meta({
    description:
      'What X charges, in US dollars, as JSON: create, createWithUrl, reply, metadata, postRead; what is left out is as in its default.',
    defaultIs: '`{"create":0.015,"createWithUrl":0.2,"reply":0.01,"metadata":0.005,"postRead":0.005}`',
  }),
  SLIPWAY_APP_BUDGET_USD: z.coerce
    .number()
    .min(0)
    .transform(microUsd)
    .optional()
    .describe(
      'What each X app may spend in a calendar month (UTC), in US dollars; posts that would exceed it wait. Without it there is no limit.',
    ),
} satisfies Record<string, z.ZodType>;

/** Where media come from. */
export const s3Settings = {
  SLIPWAY_S3_ENDPOINT: z.url().optional().describe('URL of the S3 store; leave it out for AWS itself.'),
  SLIPWAY_S3_FORCE_PATH_STYLE: z
    .stringbool()
    .default(false)
    .describe('Put the bucket into the path instead of the host name; most stores other than AWS want that.'),
  AWS_REGION: z.string().default('us-east-1').describe('Region of the S3 store.'),
} satisfies Record<string, z.ZodType>;
