import { authorityOf } from './authorize.ts';
import type { XClient, XClientOptions } from './client-types.ts';
import { createMediaCalls } from './media.ts';
import { createOAuth2Calls } from './oauth2.ts';
import { createPostCalls } from './posts.ts';
import { type Transport, createTransport } from './transport.ts';
import { createUsageCall } from './usage.ts';
import { createUserCalls } from './users.ts';

/**
 * A client for X's API v2. It makes each call once: no retries, no redirects, no logging.
 *
 * @example
 * const client = createXClient();
 * const x = client.as({ type: 'oauth2', accessToken });
 * const { data } = await x.media.upload({ media: bytes, mediaCategory: 'tweet_image' });
 * await x.posts.create({ text: 'hello', media: { mediaIds: [data.id] } });
 * await client.close();
 */
export function createXClient(options: XClientOptions = {}): XClient {
  const now = options.now ?? Date.now;
  const transport = createTransport(options);
  const authorizeUrl = options.authorizeUrl ?? 'https://x.com/i/oauth2/authorize';
  return {
    as(credentials, { onResponse } = {}) {
      const authority = authorityOf(credentials, now);
      const heard: Transport = { ...transport, send: (call) => transport.send({ ...call, onResponse }) };
      return {
        media: createMediaCalls(heard, authority),
        posts: createPostCalls(heard, authority),
        users: createUserCalls(heard, authority),
        usage: createUsageCall(heard, authority),
      };
    },
    oauth2: createOAuth2Calls(transport, { authorizeUrl, now }),
    close: transport.close,
  };
}
