import type { Stack } from '@slipway/local';

/** Callers side by side; the API takes each post by itself. */
const CALLERS = 16;

export interface NewPost {
  account: number;
  text: string;
  publishAt: number;
  media: string | null;
}

/** Sends all posts to the API. */
export async function sendAll(stack: Stack, posts: readonly NewPost[]): Promise<void> {
  const queue = posts.values();
  const caller = async (): Promise<void> => {
    for (const post of queue) await send(stack, post);
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
}

async function send({ api, accounts }: Stack, post: NewPost): Promise<void> {
  const response = await fetch(`${api.url}/v1/posts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      account: accounts[post.account % accounts.length]?.id,
      text: post.text,
      publishAt: new Date(post.publishAt).toISOString(),
      media: post.media === null ? [] : [{ bucket: 'media', key: post.media }],
    }),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`the API refused a post: ${response.status} ${answer}`);
}
