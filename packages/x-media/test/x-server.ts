import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createXClient } from '../src/index.ts';
import type { XAccountClient, XClient, XClientOptions } from '../src/index.ts';

export interface SeenRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
  /** Which TCP connection it came on, counted from 1. */
  connection: number;
}

export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  /** Takes over before the body is read. */
  | ((request: IncomingMessage, response: ServerResponse) => void);

export interface XServer extends AsyncDisposable {
  url: string;
  /** Requests read to their end, in order. */
  seen: SeenRequest[];
  /** Requests whose head has arrived. */
  started: number;
  connections: number;
  /** Answers to come, one a request; the last one repeats. */
  replies: Reply[];
  client: XClient;
  x: XAccountClient;
  last: () => SeenRequest;
}

export const OAUTH2 = { type: 'oauth2', accessToken: 'user-token-0123456789' } as const;

/** A real HTTP server on a free port that answers by script, and a client pointed at it. */
export async function startX(replies: Reply[], options: XClientOptions = {}): Promise<XServer> {
  const numbers = new WeakMap<object, number>();
  const http = createServer((request, response) => {
    server.started += 1;
    const reply = server.replies.length > 1 ? server.replies.shift() : server.replies[0];
    if (typeof reply === 'function') {
      reply(request, response);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', server.url);
      server.seen.push({
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks),
        connection: numbers.get(request.socket) ?? 0,
      });
      response.writeHead(reply?.status ?? 200, reply?.headers);
      response.end(reply?.text ?? (reply?.json === undefined ? undefined : JSON.stringify(reply.json)));
    });
  });
  http.on('connection', (socket) => {
    server.connections += 1;
    numbers.set(socket, server.connections);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  const url = `http://127.0.0.1:${address.port}`;
  const client = createXClient({ baseUrl: url, ...options });
  const server: XServer = {
    url,
    seen: [],
    started: 0,
    connections: 0,
    replies,
    client,
    x: client.as(OAUTH2),
    last() {
      const request = server.seen.at(-1);
      if (request === undefined) throw new Error('No request was seen');
      return request;
    },
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
      await client.close();
    },
  };
  return server;
}
