import { installationSettings, parseEnvironment, s3Settings, xSettings } from '@slipway/config';
import { z } from 'zod';
import { createApiKeys, type ApiKeys } from './api-keys.ts';

const KEY_MIN_CHARACTERS = 20;

/** Every setting of the API, by its name in the environment. The documentation is made of this. */
export const apiSettings = {
  ...installationSettings,
  ...s3Settings,
  ...xSettings,
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
  SLIPWAY_API_BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .min(1024)
    .max(16 * 1024 * 1024)
    .default(256 * 1024)
    .describe('Largest body that a request may have, in bytes. Media do not go through the API.'),
} satisfies Record<string, z.ZodType>;

type Environment = z.output<z.ZodObject<typeof apiSettings>>;

/** The settings, parsed; the keys themselves are not among them. */
export type Config = Readonly<Omit<Environment, 'SLIPWAY_API_KEYS'> & { keys: ApiKeys }>;

/** Parses the environment, once. Throws a `ConfigError`. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const { SLIPWAY_API_KEYS, ...settings } = parseEnvironment(apiSettings, environment);
  return Object.freeze({ ...settings, keys: createApiKeys(SLIPWAY_API_KEYS) });
}
