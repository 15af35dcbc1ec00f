import { EventSourceParserStream, type EventSourceMessage } from 'eventsource-parser/stream';
import { KEY, type ApiUnderTest } from './start-api.ts';

export interface EventReader {
  status: number;
  headers: Headers;
  comments: string[];
  /** The next event, or null when the stream has ended. Rejects when it broke. */
  next(): Promise<EventSourceMessage | null>;
  /** Everything up to the end. */
  rest(): Promise<EventSourceMessage[]>;
  /** Hangs up. */
  close(): Promise<void>;
}

/** Follows a post as an EventSource would. */
export async function readEvents(
  api: ApiUnderTest,
  postId: string,
  { lastEventId, query = '' }: { lastEventId?: string; query?: string } = {},
): Promise<EventReader> {
  const hangUp = new AbortController();
  const answer = await fetch(`${api.url}/v1/posts/${postId}/events${query}`, {
    headers: {
      authorization: `Bearer ${KEY}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: hangUp.signal,
  });
  const comments: string[] = [];
  const events = answer.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ onComment: (comment) => comments.push(comment) }))
    .getReader();
  const next = async (): Promise<EventSourceMessage | null> => (await events?.read())?.value ?? null;
  return {
    status: answer.status,
    headers: answer.headers,
    comments,
    next,
    async rest() {
      const rest: EventSourceMessage[] = [];
      for (let event = await next(); event; event = await next()) rest.push(event);
      return rest;
    },
    async close() {
      hangUp.abort();
      await events?.closed.catch(() => undefined);
    },
  };
}
