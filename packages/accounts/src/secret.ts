import type { XCredentials } from '@slipway/x-media';
import { z } from 'zod';

/** What is secret about an account, as it is sealed. */
export const secretSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('oauth2'),
    accessToken: z.string(),
    /** Works once. Null for an account that cannot be refreshed. */
    refreshToken: z.string().nullable(),
  }),
  z.object({
    type: z.literal('oauth1'),
    consumerKey: z.string(),
    consumerSecret: z.string(),
    accessToken: z.string(),
    accessTokenSecret: z.string(),
  }),
]);

export type AccountSecret = z.infer<typeof secretSchema>;

/** What a call to X takes of it. */
export function credentialsIn(secret: AccountSecret): XCredentials {
  return secret.type === 'oauth2' ? { type: 'oauth2', accessToken: secret.accessToken } : secret;
}
