import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Checksum } from '../src/core/index.ts';
import { type Objects, createObjects } from '../src/index.ts';

export interface SeenGet {
  path: string;
  range: string | undefined;
  ifMatch: string | undefined;
}

/** How a store answers a GET; the request is read, the answer is its own. */
export type Reply = (response: ServerResponse, request: IncomingMessage) => void;

export interface StoreServer extends AsyncDisposable {
  endpoint: string;
  objects: Objects;
  seen: SeenGet[];
  /** The HEAD requests among all. */
  heads: { path: string; range: string | undefined; checksumMode: unknown }[];
  /** Connections that are open at this moment. */
  open: Set<Socket>;
  reply: Reply;
}

/** A real HTTP server that behaves like the store of a test, and a reader of it. Short patience makes a hanging store cheap. */
export async function startStore(
  reply: Reply,
  patience: { answerMs?: number; silenceMs?: number } = {},
): Promise<StoreServer> {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test-secret';
  const open = new Set<Socket>();
  const http = createServer((request, response) => {
    const { range, 'if-match': ifMatch } = request.headers;
    const path = request.url ?? '';
    if (request.method === 'HEAD') {
      store.heads.push({ path, range, checksumMode: request.headers['x-amz-checksum-mode'] });
    } else {
      store.seen.push({ path, range, ifMatch });
    }
    store.reply(response, request);
  });
  http.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has such an address
  const { port } = http.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const objects = createObjects(
    { s3Endpoint: endpoint, s3Region: 'us-east-1', s3ForcePathStyle: true },
    patience,
  );
  const store: StoreServer = {
    endpoint,
    objects,
    seen: [],
    heads: [],
    open,
    reply,
    async [Symbol.asyncDispose]() {
      objects.close();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
  return store;
}

/** The range that a GET asks for, over an object of `total` bytes. */
export function rangeOf(request: IncomingMessage, total: number): { first: number; last: number } {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
  return { first: Number(first ?? 0), last: Math.min(Number(last ?? total - 1), total - 1) };
}

/** A store as it should be. */
export function serve(object: { body: Uint8Array; etag: string; checksum?: Checksum }): Reply {
  return (response, request) => {
    if (request.method === 'HEAD') {
      response.writeHead(200, {
        etag: object.etag,
        'content-length': object.body.length,
        ...(object.checksum ? headersOf(object.checksum) : {}),
      });
      response.end();
      return;
    }
    const { first, last } = rangeOf(request, object.body.length);
    response.writeHead(206, {
      etag: object.etag,
      'content-length': last - first + 1,
      'content-range': `bytes ${first}-${last}/${object.body.length}`,
    });
    response.end(object.body.subarray(first, last + 1));
  };
}

function headersOf({ algorithm, value }: Checksum): Record<string, string> {
  return { [`x-amz-checksum-${algorithm.toLowerCase()}`]: value, 'x-amz-checksum-type': 'FULL_OBJECT' };
}

/** An error in S3's own XML. */
export function refuse(status: number, code: string): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(
      `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>said the store</Message></Error>`,
    );
  };
}

export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
