import {
  installationSettings,
  limitSettings,
  parseEnvironment,
  s3Settings,
  xSettings,
} from '@slipway/config';
import { z } from 'zod';
import { createApiKeys, type ApiKeys } from './api-keys.ts';

const KEY_MIN_CHARACTERS = 20;
const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Every setting of the API, by its name in the environment. The documentation is made of this. */
export const apiSettings = {
  ...installationSettings,
  ...s3Settings,
  ...xSettings,
  ...limitSettings,
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
  SLIPWAY_X_REDIRECT_URIS: z
    .string()
    .default('')
    .transform((list) =>
      list
        .split(',')
        .map((uri) => uri.trim())
        .filter(Boolean),
    )
    .refine(
      (uris) => uris.every(isRedirectUri),
      'must be URLs without a fragment, by https unless they are on this machine',
    )
    .meta({
      description:
        "Where X may send back to who connects an account, separated by commas, letter by letter as in X's developer portal; the first is used where a caller names none. This API's own page is its public URL and /v1/accounts/callback.",
      defaultIs: 'none',
    }),
  SLIPWAY_X_AUTHORIZE_URL: z
    .url()
    .default('https://x.com/i/oauth2/authorize')
    .describe('Where people authorize the app; the simulator in development.'),
} satisfies Record<string, z.ZodType>;

/** X takes plain http for addresses of one's own machine only. */
function isRedirectUri(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL_HOSTS.has(url.hostname));
}

type Environment = z.output<z.ZodObject<typeof apiSettings>>;

/** The settings, parsed; the keys themselves are not among them. */
export type Config = Readonly<Omit<Environment, 'SLIPWAY_API_KEYS'> & { keys: ApiKeys }>;

/** Parses the environment, once. Throws a `ConfigError`. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const { SLIPWAY_API_KEYS, ...settings } = parseEnvironment(apiSettings, environment);
  return Object.freeze({ ...settings, keys: createApiKeys(SLIPWAY_API_KEYS) });
}
