import { ConfigError } from '@slipway/config';
import { policySchema } from '@slipway/pipeline/core';
import { describe, test } from 'vitest';
import { parseConfig, policyOf } from '../src/config.ts';

const REQUIRED = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  SLIPWAY_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
};

describe('the settings of a worker', () => {
  test('have defaults for all but Redis and the keys of the vault', ({ expect }) => {
    expect(parseConfig(REQUIRED)).toMatchObject({
      REDIS_URL: REQUIRED.REDIS_URL,
      SLIPWAY_X_TIER: 'pay_per_use',
      SLIPWAY_PARTITIONS: 1,
      SLIPWAY_ENV: 'development',
      SLIPWAY_LOG_LEVEL: 'info',
      SLIPWAY_X_BASE_URL: 'https://api.x.com',
      SLIPWAY_S3_FORCE_PATH_STYLE: false,
      AWS_REGION: 'us-east-1',
      SLIPWAY_WORKER_CONCURRENCY: 16,
      SLIPWAY_WORKER_GRACE_MS: 25_000,
      SLIPWAY_LEASE_MS: 10_000,
    });
    expect(parseConfig(REQUIRED).SLIPWAY_WORKER_NAME).toMatch(new RegExp(`-${process.pid}$`));
    expect(() => parseConfig({})).toThrow(/REDIS_URL: is not set[^]*SLIPWAY_SECRET_KEYS: is not set/);
    expect(() => parseConfig({})).toThrow(ConfigError);
  });

  test('carry every choice of the policy, with its default', ({ expect }) => {
    expect(policyOf(parseConfig(REQUIRED))).toEqual(policySchema.parse({}));
    const given = {
      SLIPWAY_CHUNK_BYTES: '65536',
      SLIPWAY_SEGMENTS_IN_FLIGHT: '1',
      SLIPWAY_STAGING_LEAD_MS: '2',
      SLIPWAY_STAGING_SPREAD_MS: '3',
      SLIPWAY_PROCESSING_LIMIT_MS: '1003',
      SLIPWAY_OUTAGE_LIMIT_MS: '4',
      SLIPWAY_RETRY_LIMIT: '5',
      SLIPWAY_RESTART_LIMIT: '7',
      SLIPWAY_BACKOFF_BASE_MS: '8',
      SLIPWAY_BACKOFF_CAP_MS: '9',
      SLIPWAY_PARK_MS: '1010',
      SLIPWAY_CREATE_TIMEOUT_MS: '1011',
      SLIPWAY_CONFIRM_WINDOW_MS: '14',
      SLIPWAY_CONFIRM_LIMIT_MS: '15',
      SLIPWAY_LATE_AFTER_MS: '16',
      SLIPWAY_EXPIRY_MARGIN_MS: '12',
      SLIPWAY_ABANDON_LIMIT: '13',
      SLIPWAY_X_PRICES: '{"create": 0.02}',
    };
    expect(policyOf(parseConfig({ ...REQUIRED, ...given }))).toEqual({
      chunkBytes: 65_536,
      segmentsInFlight: 1,
      stagingLeadMs: 2,
      stagingSpreadMs: 3,
      processingLimitMs: 1003,
      outageLimitMs: 4,
      retryLimit: 5,
      restartLimit: 7,
      backoffBaseMs: 8,
      backoffCapMs: 9,
      parkMs: 1010,
      createTimeoutMs: 1011,
      confirmWindowMs: 14,
      confirmLimitMs: 15,
      lateAfterMs: 16,
      expiryMarginMs: 12,
      abandonLimit: 13,
      prices: { create: 20_000, createWithUrl: 200_000, reply: 10_000, metadata: 5_000, postRead: 5_000 },
    });
  });

  test('say where JSON is wrong, and what', ({ expect }) => {
    const problemsOf = (settings: Record<string, string>): string => {
      try {
        parseConfig({ ...REQUIRED, ...settings });
        return '';
      } catch (error) {
        return error instanceof Error ? error.message : '';
      }
    };
    expect(problemsOf({ SLIPWAY_X_PRICES: '{create: 1}' })).toContain(
      'SLIPWAY_X_PRICES: is not valid JSON. What X charges',
    );
    expect(problemsOf({ SLIPWAY_X_PRICES: '{"create": "free", "posts": 1}' })).toMatch(
      /SLIPWAY_X_PRICES: create: .*number[^]*SLIPWAY_X_PRICES: .*"posts"/,
    );
    const limits = '{"free": {"POST /2/tweets": {"user15m": -1}, "POST /2/posts": {}}}';
    expect(problemsOf({ SLIPWAY_X_LIMITS: limits })).toMatch(
      /SLIPWAY_X_LIMITS: free\.POST \/2\/tweets\.user15m: [^]*SLIPWAY_X_LIMITS: free.*POST \/2\/posts/,
    );
    expect(problemsOf({ SLIPWAY_X_LIMITS: '{"free": {"POST /2/tweets": {"user24h": null}}}' })).toBe('');
  });
});
