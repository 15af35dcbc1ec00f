import { ConfigError } from '@slipway/config';
import { describe, test } from 'vitest';
import { apiSettings, parseConfig } from '../src/index.ts';

const REQUIRED = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  SLIPWAY_API_KEYS: 'sk_0123456789abcdef0123, sk_another_0123456789ab',
  SLIPWAY_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
};

function complaintsOf(environment: Record<string, string>): string {
  try {
    parseConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  return 'none';
}

describe('the environment', () => {
  test('has defaults for all but Redis and the keys', ({ expect }) => {
    const config = parseConfig(REQUIRED);
    expect(config).toMatchObject({
      SLIPWAY_API_HOST: '127.0.0.1',
      SLIPWAY_API_PORT: 3000,
      SLIPWAY_PARTITIONS: 1,
      SLIPWAY_ENV: 'development',
      SLIPWAY_S3_FORCE_PATH_STYLE: false,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('keeps no key that could be read back', ({ expect }) => {
    const config = parseConfig(REQUIRED);
    expect(config.keys.has('sk_0123456789abcdef0123')).toBe(true);
    expect(config.keys.has('sk_another_0123456789ab')).toBe(true);
    expect(config.keys.has('sk_0123456789abcdef012')).toBe(false);
    expect(config.keys.has('')).toBe(false);
    expect(JSON.stringify(config)).not.toContain('sk_');
  });

  test('counts an empty setting as not set', ({ expect }) => {
    expect(parseConfig({ ...REQUIRED, SLIPWAY_API_PORT: '', SLIPWAY_S3_ENDPOINT: '' }).SLIPWAY_API_PORT).toBe(
      3000,
    );
  });

  test('with several faults is told all of them at once', ({ expect }) => {
    const complaints = complaintsOf({
      SLIPWAY_API_KEY: 'x',
      SLIPWAY_API_PORT: '70000',
      REDIS_URL: 'localhost',
      SLIPWAY_ENV: 'prod',
    });
    expect(complaints).toMatch(/SLIPWAY_API_KEYS: is not set \(SLIPWAY_API_KEY is; is it that\?\)/);
    expect(complaints).toMatch(/SLIPWAY_SECRET_KEYS: is not set.*openssl rand -base64 32/);
    expect(complaints).toMatch(/SLIPWAY_API_PORT: .*65535/);
    expect(complaints).toMatch(/REDIS_URL: /);
    expect(complaints).toMatch(/SLIPWAY_ENV: .*production/);
    expect(complaints.split('\n').length).toBe(6);
  });

  test.for([
    ['short', 'at least 20'],
    [',', 'at least one key'],
    ['sk_0123456789abcdef0123,short', 'at least 20'],
    ['sk_with a space in it_0123456789', 'printable'],
  ] as const)('does not take the keys "%s", and does not repeat them', ([keys, words], { expect }) => {
    const complaints = complaintsOf({ ...REQUIRED, SLIPWAY_API_KEYS: keys });
    expect(complaints).toContain(words);
    expect(complaints).not.toContain('0123456789');
  });

  test('is described setting by setting', ({ expect }) => {
    for (const [name, setting] of Object.entries(apiSettings))
      expect(setting.description, name).toMatch(/\.$/);
  });
});
