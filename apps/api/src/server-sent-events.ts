import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

export interface ServerSentEvent {
  /** A client resumes after the last event that had one. */
  id?: string;
  event: string;
  /** One line. */
  data: string;
}

export interface EventStreamOptions {
  /** A comment is sent this often, so that no proxy takes the silence for death. */
  heartbeatMs: number;
  /** A reader that takes nothing for so long is cut off; it resumes from the last event that it read. */
  stallMs: number;
  /** Called when a reader is cut off. */
  onStall: () => void;
  /** How long a client should wait before it comes back, in milliseconds. */
  retryMs: number;
}

export interface EventStream {
  /** Aborts when the reader is gone or was cut off. */
  readonly closed: AbortSignal;
  /** Sends an event, and waits while the reader is behind: no more is held for it than the socket takes. Never rejects. */
  send(event: ServerSentEvent): Promise<void>;
  /** Ends the stream once everything sent has been read. */
  end(): void;
}

/** Makes a response a stream of server-sent events. Source: HTML Living Standard, server-sent events. */
export function openEventStream(
  response: ServerResponse,
  { heartbeatMs, stallMs, onStall, retryMs }: EventStreamOptions,
): EventStream {
  const closed = new AbortController();
  const heartbeat = setInterval(() => write(': still here\n\n'), heartbeatMs);
  const close = (): void => {
    clearInterval(heartbeat);
    closed.abort();
  };
  if (response.closed) close();
  else response.once('close', close);

  const write = (text: string): void => {
    if (!closed.signal.aborted && !response.writableEnded) response.write(text);
  };
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    // Nothing follows a stream, and a connection that is kept would hold up a server that stops.
    connection: 'close',
  });
  write(`retry: ${retryMs}\n\n`);
  return {
    closed: closed.signal,
    async send({ id, event, data }) {
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
      if (!response.writableNeedDrain) return;
      const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(stallMs)]);
      await once(response, 'drain', { signal }).catch(() => {
        if (!closed.signal.aborted) onStall();
        response.destroy();
      });
    },
    end() {
      clearInterval(heartbeat);
      response.end();
    },
  };
}
