/** What a campaign reads of a post, from the API. */
export interface PostView {
  id: string;
  status: string;
  text: string;
  xPostId: string | null;
  failure: { code: string; message: string } | null;
  waiting: { reason: string; until: string; detail: string | null } | null;
  media: { step: string; altText: string | null; warnings: string[] }[];
}

export type PostAnswer =
  | { outcome: 'acknowledged'; id: string }
  /** The answer is that there is no such post now. */
  | { outcome: 'refused'; status: number; body: string }
  /** No answer, or one that does not tell. */
  | { outcome: 'unclear'; reason: string };

export interface ApiClient {
  post(body: object): Promise<PostAnswer>;
  /** True once the API has answered it, either way. */
  cancel(id: string): Promise<boolean>;
  /** All posts, or those with one status. Rejects when the API does not answer. */
  list(status?: string): Promise<PostView[]>;
  /** An open stream of events; null when the post is over and has no more. */
  follow(id: string, after: string | undefined, signal?: AbortSignal): Promise<Response>;
}

const TIMEOUT_MS = 15_000;

export function createApiClient(baseUrl: string, key: string): ApiClient {
  const ask = (
    path: string,
    { headers, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {},
  ): Promise<Response> =>
    fetch(`${baseUrl}${path}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...init,
      headers: { authorization: `Bearer ${key}`, ...headers },
    });
  const send = (path: string, body: object): Promise<Response> =>
    ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  return {
    async post(body) {
      try {
        const response = await send('/v1/posts', body);
        const text = await response.text();
        if (response.status === 202) {
          const { id }: PostView = JSON.parse(text);
          return { outcome: 'acknowledged', id };
        }
        return response.status < 500
          ? { outcome: 'refused', status: response.status, body: text }
          : { outcome: 'unclear', reason: String(response.status) };
      } catch (error) {
        return { outcome: 'unclear', reason: reasonOf(error) };
      }
    },
    async cancel(id) {
      try {
        const response = await send(`/v1/posts/${id}/cancel`, {});
        await response.text();
        return response.status < 500;
      } catch {
        return false;
      }
    },
    async list(status) {
      const posts: PostView[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const query = new URLSearchParams({
          limit: '100',
          ...(status !== undefined && { status }),
          ...(cursor && { cursor }),
        });
        const response = await ask(`/v1/posts?${query.toString()}`);
        const text = await response.text();
        if (!response.ok) throw new Error(`GET /v1/posts: ${response.status} ${text}`);
        const page: { posts: PostView[]; nextCursor: string | null } = JSON.parse(text);
        posts.push(...page.posts);
        cursor = page.nextCursor;
      }
      return posts;
    },
    follow: (id, after, signal) =>
      ask(`/v1/posts/${id}/events`, {
        headers: after === undefined ? {} : { 'last-event-id': after },
        ...(signal && { signal }),
      }),
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
