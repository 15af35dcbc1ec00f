import type { Stack } from '@slipway/local';
import type { Media } from '@slipway/testkit';

/** What these tests read of a post. */
export interface PostView {
  id: string;
  status: string;
  xPostId: string | null;
  failure: { code: string; message: string } | null;
}

/** A caller of the API, as anybody would be one. */
export function callSlipway({ api, s3, accounts }: Stack) {
  const headers = { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' };
  const ask = async (path: string, body?: object): Promise<PostView> => {
    const response = await fetch(`${api.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    const post: PostView = JSON.parse(text);
    return post;
  };
  return {
    async put(key: string, media: Media): Promise<void> {
      await s3.putObject({ bucket: 'media', key, body: media.stream(), contentType: media.contentType });
    },
    post: (text: string, keys: string[], account = accounts[0], more: object = {}): Promise<PostView> =>
      ask('/v1/posts', {
        account: account?.id,
        text,
        media: keys.map((key) => ({ bucket: 'media', key })),
        ...more,
      }),
    retry: (id: string): Promise<PostView> => ask(`/v1/posts/${id}/retry`, {}),
    resolve: (id: string, finding: object): Promise<PostView> => ask(`/v1/posts/${id}/resolve`, finding),
    /** The post once it has ended, one way or another: its stream of events ends then. */
    async ended(id: string, timeoutMs: number): Promise<PostView> {
      const signal = AbortSignal.timeout(timeoutMs);
      const events = await fetch(`${api.url}/v1/posts/${id}/events`, { headers, signal });
      await events.text();
      return ask(`/v1/posts/${id}`);
    },
  };
}
