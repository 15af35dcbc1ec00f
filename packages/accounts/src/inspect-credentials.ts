import { type XClient, type XCredentials, type XUser, isXError } from '@slipway/x-media';
import { ConnectError } from './connect-error.ts';
import { requireScopes } from './scopes.ts';
import { readOnlyToken, refusalOf } from './x-refusals.ts';

/** No media has this id: asking for it shows whether the token may ask, and does nothing. */
const NO_MEDIA_ID = '1';

export type UserCredentials = Exclude<XCredentials, { type: 'app' }>;

export interface InspectOptions {
  /** What X said that it granted; null where it did not say: then it is asked. */
  granted: readonly string[] | null;
  /** The field of the request that the token came in, to be named in a refusal. */
  field?: string;
}

/** Whose credentials these are, once X has shown that they are good for posting. Throws a `ConnectError`. */
export async function inspectCredentials(
  x: XClient,
  credentials: UserCredentials,
  { granted, field }: InspectOptions,
): Promise<XUser & { username: string }> {
  if (granted !== null) requireScopes(granted);
  const as = x.as(credentials);
  const me = await as.users.me().catch((error: unknown) => {
    throw refusalOf(error, { via: credentials.type, scopes: ['tweet.read', 'users.read'], field });
  });
  if (credentials.type === 'oauth1' && me.response.accessLevel === 'read') throw readOnlyToken(field);
  if (credentials.type === 'oauth2' && granted === null) {
    await as.media.status({ mediaId: NO_MEDIA_ID }).catch((error: unknown) => {
      if (isXError(error) && (error.code === 'not_found' || error.code === 'bad_request')) return;
      throw refusalOf(error, { via: credentials.type, scopes: ['media.write'], field });
    });
  }
  const { username } = me.data;
  if (username !== undefined) return { ...me.data, username };
  throw new ConnectError('x_unavailable', 'X answered without the name of the account.', {
    hint: 'Nothing was connected; try again in a minute.',
  });
}
