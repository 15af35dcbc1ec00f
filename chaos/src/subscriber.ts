import { setTimeout as wait } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { ApiClient } from './api-client.ts';

/** One event of a post, as a subscriber got it. */
export interface SeenEvent {
  id: string;
  type: string;
  at: string;
  data: unknown;
}

export interface Subscription {
  readonly postId: string;
  readonly events: readonly SeenEvent[];
  /** How often it was cut and came back. */
  readonly resumed: number;
  /** `ended`: told that nothing more will come. `unknown_post`: told that there is no such post. */
  readonly state: 'open' | 'ended' | 'unknown_post';
  /** Resolves when it is no longer open, or when it was stopped. */
  readonly over: Promise<void>;
  stop(): void;
}

const RESUME_MS = 250;
/** The API sends a sign of life more often than this; a stream without one is dead. */
const SILENCE_LIMIT_MS = 25_000;

/** Follows a post to its end, and comes back with `Last-Event-ID` whenever it is cut off. */
export function subscribe(api: ApiClient, postId: string): Subscription {
  const events: SeenEvent[] = [];
  const stopping = new AbortController();
  let resumed = 0;
  let state: Subscription['state'] = 'open';

  const follow = async (): Promise<void> => {
    while (state === 'open' && !stopping.signal.aborted) {
      try {
        state = await read();
      } catch {
        // Cut off, refused, or silent: that is what this subscriber is for.
      }
      if (state !== 'open' || stopping.signal.aborted) return;
      resumed += 1;
      await wait(RESUME_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  const read = async (): Promise<Subscription['state']> => {
    const silence = new AbortController();
    const signal = AbortSignal.any([silence.signal, stopping.signal]);
    let timer: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(new Error('silence')), SILENCE_LIMIT_MS);
    };
    heard();
    try {
      const response = await api.follow(postId, events.at(-1)?.id, signal);
      if (response.status === 204) return 'ended';
      if (response.status === 404) return 'unknown_post';
      if (response.ok) await readEvents(response, (event) => events.push(event), heard);
      return 'open'; // whether it ended or broke off is told when it is resumed: 204
    } finally {
      clearTimeout(timer);
    }
  };

  const over = follow();
  return {
    postId,
    events,
    get resumed() {
      return resumed;
    },
    get state() {
      return state;
    },
    over,
    stop: () => stopping.abort(),
  };
}

/** All events of a post that is over. */
export async function readAllEvents(api: ApiClient, postId: string): Promise<SeenEvent[]> {
  const events: SeenEvent[] = [];
  await readEvents(await api.follow(postId, undefined), (event) => events.push(event));
  return events;
}

async function readEvents(
  response: Response,
  onEvent: (event: SeenEvent) => void,
  heard: () => void = () => undefined,
): Promise<void> {
  if (!response.body) return;
  const listening = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      heard();
      out.enqueue(chunk);
    },
  });
  const stream = response.body
    .pipeThrough(listening)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { id, data } of stream) {
    if (id === undefined) continue; // progress: lossy by design
    const event: Omit<SeenEvent, 'id'> = JSON.parse(data);
    onEvent({ id, type: event.type, at: event.at, data: event.data });
  }
}
