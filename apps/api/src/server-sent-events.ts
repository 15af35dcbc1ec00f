import type { ServerResponse } from 'node:http';

export interface ServerSentEvent {
  /** Without an id a client does not resume after this event. */
  id?: string;
  event: string;
  /** One line. */
  data: string;
}

export interface EventStreamOptions {
  /** A comment is sent this often, so that no proxy takes the silence for death. */
  heartbeatMs: number;
  /** When a reader is this far behind, in bytes, its stream is cut: it resumes from the last event that it read. */
  maxBufferedBytes: number;
  /** How long a client should wait before it comes back, in milliseconds. */
  retryMs: number;
}

export interface EventStream {
  /** Aborts when the reader is gone or was cut off. */
  readonly closed: AbortSignal;
  /** Sends an event; one that is `lossy` is left out while the reader is behind. */
  send(event: ServerSentEvent, options?: { lossy?: boolean }): void;
  /** Ends the stream once everything sent has been read. */
  end(): void;
}

/** Makes a response a stream of server-sent events. Source: HTML Living Standard, 9.2. */
export function openEventStream(
  response: ServerResponse,
  { heartbeatMs, maxBufferedBytes, retryMs }: EventStreamOptions,
): EventStream {
  const closed = new AbortController();
  response.on('close', () => {
    clearInterval(heartbeat);
    closed.abort();
  });
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  const write = (text: string): void => {
    if (closed.signal.aborted || response.writableEnded) return;
    response.write(text);
    if (response.writableLength > maxBufferedBytes) response.destroy();
  };
  const heartbeat = setInterval(() => write(': still here\n\n'), heartbeatMs);
  write(`retry: ${retryMs}\n\n`);
  return {
    closed: closed.signal,
    send({ id, event, data }, { lossy = false } = {}) {
      if (lossy && response.writableNeedDrain) return;
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`);
    },
    end() {
      clearInterval(heartbeat);
      response.end();
    },
  };
}
