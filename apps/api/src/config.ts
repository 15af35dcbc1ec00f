import { objectSettings } from '@slipway/pipeline';
import { policySchema } from '@slipway/pipeline/core';
import { storeSettings } from '@slipway/store';
import { z } from 'zod';
import { createApiKeys, type ApiKeys } from './api-keys.ts';
import { closestName } from './closest-name.ts';

const KEY_MIN_CHARACTERS = 20;

/** Every setting of the API by its name in the environment, with what it means and its default. The documentation is made of this. */
export const apiSettings = {
  REDIS_URL: storeSettings.shape.redisUrl,
  SLIPWAY_API_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on; 0.0.0.0 for every network.'),
  SLIPWAY_API_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3000)
    .describe('Port to listen on; 0 for any free one.'),
  SLIPWAY_API_KEYS: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((key) => key.trim())
        .filter(Boolean),
    )
    .refine((keys) => keys.length > 0, 'must have at least one key')
    .refine(
      (keys) => keys.every((key) => /^[\x21-\x7e]+$/.test(key) && key.length >= KEY_MIN_CHARACTERS),
      `must have keys of at least ${KEY_MIN_CHARACTERS} printable characters each, such as sk_ and the output of "openssl rand -hex 24"`,
    )
    .describe(
      `API keys, separated by commas; at least ${KEY_MIN_CHARACTERS} characters each. Only their SHA-256 is kept in memory.`,
    ),
  SLIPWAY_ACCOUNTS_FILE: z.string().describe('JSON file of the accounts to post as, with their credentials.'),
  SLIPWAY_PARTITIONS: storeSettings.shape.partitions,
  SLIPWAY_STAGING_LEAD_MS: policySchema.shape.stagingLeadMs.describe(
    'How long before its time a post with media begins to upload, in milliseconds. The same for the API and all workers.',
  ),
  SLIPWAY_API_BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .max(16 * 1024 * 1024)
    .default(256 * 1024)
    .describe('Largest body that a request may have, in bytes. Media do not go through the API.'),
  SLIPWAY_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least severe level that is logged; logs are JSON lines on standard output.'),
  SLIPWAY_ENV: z
    .enum(['development', 'production'])
    .default('development')
    .describe('In production the API refuses to start on a Redis whose settings put posts at risk.'),
  SLIPWAY_S3_ENDPOINT: objectSettings.shape.s3Endpoint,
  SLIPWAY_S3_FORCE_PATH_STYLE: objectSettings.shape.s3ForcePathStyle,
  AWS_REGION: objectSettings.shape.s3Region,
};

const environmentSchema = z.object(apiSettings);
type Environment = z.output<typeof environmentSchema>;

/** The settings, parsed; the keys themselves are not among them. */
export type Config = Readonly<Omit<Environment, 'SLIPWAY_API_KEYS'> & { keys: ApiKeys }>;

/** An environment that cannot be run with. The message names every setting at fault, what is wrong, and the remedy. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Parses the environment, once. An empty value counts as not set. Throws a `ConfigError`. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) throw new ConfigError(explain(parsed.error.issues, given));
  const { SLIPWAY_API_KEYS, ...settings } = parsed.data;
  return Object.freeze({ ...settings, keys: createApiKeys(SLIPWAY_API_KEYS) });
}

function explain(issues: readonly z.core.$ZodIssue[], given: Record<string, string | undefined>): string {
  const meanings = new Map(
    Object.entries(apiSettings).map(([name, { description }]) => [name, description ?? '']),
  );
  const strangers = Object.keys(given).filter((name) => name.startsWith('SLIPWAY_') && !meanings.has(name));
  const lines = issues.map((issue) => {
    const name = String(issue.path[0]);
    const near = given[name] === undefined ? closestName(name, strangers) : null;
    const wrong =
      given[name] === undefined ? `is not set${near ? ` (${near} is; is it that?)` : ''}` : issue.message;
    return `  ${name}: ${wrong}. ${meanings.get(name)}`;
  });
  return `The environment is not right:\n${lines.join('\n')}`;
}
