import { EventSourceParserStream } from 'eventsource-parser/stream';

/** What the demo reads of a post's events. */
export interface PostNews {
  type: string;
  at: string;
  data?: {
    item?: number;
    step?: string;
    reason?: string;
    message?: string;
    xPostId?: string;
    failure?: { code: string; message: string };
  };
  /** With `progress` only. */
  media?: {
    item: number;
    step: string;
    bytesSent: number;
    totalBytes: number;
    segmentsDone: number;
    segments: number;
  }[];
}

/** Follows a post's server-sent events to their end, which comes after its last status. */
export async function followPost(
  api: { url: string; key: string },
  postId: string,
  onNews: (news: PostNews) => void,
): Promise<void> {
  const response = await fetch(`${api.url}/v1/posts/${postId}/events`, {
    headers: { authorization: `Bearer ${api.key}` },
  });
  if (!response.ok || !response.body) throw new Error(`the events of ${postId}: ${response.status}`);
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const event of events) {
    const news: PostNews = JSON.parse(event.data);
    onNews(news);
  }
}
