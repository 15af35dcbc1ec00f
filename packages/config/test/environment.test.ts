import { describe, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, installationSettings, parseEnvironment, s3Settings } from '../src/index.ts';

const shape = {
  SLIPWAY_NAME: z.string().describe('What it is called.'),
  SLIPWAY_PORT: z.coerce.number().int().min(1).max(65_535).default(3000).describe('Where it listens.'),
  SLIPWAY_MODE: z.enum(['fast', 'safe']).default('safe').describe('How it works.'),
  SLIPWAY_KEY: z
    .string()
    .refine((key) => key.length > 20, 'must have more than 20 characters')
    .optional()
    .describe('Who may come in.'),
  REDIS_URL: z.url().default('redis://127.0.0.1').describe('Where posts are kept.'),
};

function refusal(environment: Record<string, string>, settings: Record<string, z.ZodType> = shape): string {
  try {
    parseEnvironment(settings, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the environment was taken');
}

describe('an environment', () => {
  test('is parsed, with defaults for what is not set, and nothing that is not a setting', ({ expect }) => {
    const config = parseEnvironment(shape, { SLIPWAY_NAME: 'a', SLIPWAY_PORT: '80', HOME: '/root' });
    expect(config).toEqual({
      SLIPWAY_NAME: 'a',
      SLIPWAY_PORT: 80,
      SLIPWAY_MODE: 'safe',
      REDIS_URL: 'redis://127.0.0.1',
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('has not set what it sets to nothing', ({ expect }) => {
    expect(parseEnvironment(shape, { SLIPWAY_NAME: 'a', SLIPWAY_PORT: '' })).toMatchObject({
      SLIPWAY_PORT: 3000,
    });
    expect(refusal({ SLIPWAY_NAME: '' })).toContain('SLIPWAY_NAME: is not set');
  });

  test('that is wrong in several ways is told all of them, with what each setting means', ({ expect }) => {
    const message = refusal({
      SLIPWAY_PORT: '99999',
      SLIPWAY_MODE: 'brave',
      REDIS_URL: 'nowhere',
      SLIPWAY_KEY: 'short',
    });
    expect(message.split('\n')).toEqual([
      'The environment is not right:',
      '  SLIPWAY_NAME: is not set. What it is called.',
      expect.stringMatching(/^ {2}SLIPWAY_PORT: .*65535\. Where it listens\.$/),
      expect.stringMatching(/^ {2}SLIPWAY_MODE: .*"fast"\|"safe"\. How it works\.$/),
      '  SLIPWAY_KEY: must have more than 20 characters. Who may come in.',
      expect.stringMatching(/^ {2}REDIS_URL: .*\. Where posts are kept\.$/),
    ]);
  });

  test('is never quoted: a value may be a secret', ({ expect }) => {
    const secret = 'hunter2-hunter2';
    const required = { ...installationSettings, ...s3Settings };
    const names = Object.keys(required);
    const message = refusal(Object.fromEntries(names.map((name) => [name, secret])), required);
    expect(message).not.toContain('hunter2');
    expect(message).toContain('REDIS_URL: must be a URL such as redis://');
    expect(refusal({ SLIPWAY_KEY: secret, SLIPWAY_PORT: secret, SLIPWAY_MODE: secret })).not.toContain(
      'hunter2',
    );
  });

  test('that misspells a required setting is asked whether it meant it', ({ expect }) => {
    expect(refusal({ SLIPWAY_NAMES: 'a' })).toContain(
      'SLIPWAY_NAME: is not set (SLIPWAY_NAMES is; is it that?)',
    );
    expect(refusal({ slipway_name: 'a' })).not.toContain('is it that?'); // only names that are ours
    expect(refusal({ SLIPWAY_COLOUR: 'red' })).toContain('SLIPWAY_NAME: is not set. What');
    // Another setting, rightly set, is not what was meant.
    expect(refusal({ SLIPWAY_MODE: 'fast' })).toContain('SLIPWAY_NAME: is not set. What');
  });
});

describe('the settings of an installation', () => {
  const required = {
    REDIS_URL: 'redis://127.0.0.1:6379',
    SLIPWAY_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
  };
  const parse = (given: Record<string, string>) =>
    parseEnvironment({ ...installationSettings, ...s3Settings }, { ...required, ...given });

  test('have defaults that are safe on one machine', ({ expect }) => {
    expect(parse({})).toEqual({
      REDIS_URL: required.REDIS_URL,
      SLIPWAY_SECRET_KEYS: expect.objectContaining({ first: expect.objectContaining({ name: 'k' }) }),
      SLIPWAY_X_TIER: 'pay_per_use',
      SLIPWAY_PARTITIONS: 1,
      SLIPWAY_REDIS_REPLICAS: 0,
      SLIPWAY_ENV: 'development',
      SLIPWAY_LOG_LEVEL: 'info',
      SLIPWAY_STAGING_LEAD_MS: 600_000,
      SLIPWAY_STAGING_SPREAD_MS: 600_000,
      SLIPWAY_S3_FORCE_PATH_STYLE: false,
      AWS_REGION: 'us-east-1',
    });
  });

  test('take Redis with and without TLS and Sentinels, and switches in plain words', ({ expect }) => {
    for (const url of [
      'rediss://user:pass@example.com:6380/2',
      'redis://[::1]:6379',
      'redis+sentinel://one:26379,two:26379/mymaster',
    ]) {
      expect(parse({ REDIS_URL: url })).toMatchObject({ REDIS_URL: url });
    }
    expect(() => parse({ REDIS_URL: 'https://example.com' })).toThrow('REDIS_URL: must be a URL such as');
    expect(() => parse({ REDIS_URL: 'redis+sentinel://one' })).toThrow('REDIS_URL: must name the master');
    for (const yes of ['true', '1', 'yes', 'on']) {
      expect(parse({ SLIPWAY_S3_FORCE_PATH_STYLE: yes })).toMatchObject({
        SLIPWAY_S3_FORCE_PATH_STYLE: true,
      });
    }
    expect(parse({ SLIPWAY_S3_FORCE_PATH_STYLE: 'false' })).toMatchObject({
      SLIPWAY_S3_FORCE_PATH_STYLE: false,
    });
    expect(() => parse({ SLIPWAY_S3_FORCE_PATH_STYLE: 'maybe' })).toThrow('SLIPWAY_S3_FORCE_PATH_STYLE');
    for (const bad of ['0', '1025', '1.5', 'many']) {
      expect(() => parse({ SLIPWAY_PARTITIONS: bad })).toThrow('SLIPWAY_PARTITIONS');
    }
  });

  test('each say what they mean', ({ expect }) => {
    for (const [name, setting] of Object.entries({ ...installationSettings, ...s3Settings })) {
      expect(setting.description, name).toMatch(/^[A-Z].*\.$/);
    }
  });
});
