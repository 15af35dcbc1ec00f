import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, test } from 'vitest';
import type { BodyEncoding } from '../src/index.ts';
import { catchXError } from './catch-error.ts';
import { readMultipart } from './openapi.ts';
import type { Reply } from './x-server.ts';
import { startX } from './x-server.ts';

const MIB = 1_048_576;
const encodings: BodyEncoding[] = ['multipart', 'json'];

function bytesOf(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 7) % 256));
}

async function* cut(bytes: Buffer, sizes: number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const size of sizes) {
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

/** Answers nothing, and tells when the request's connection was cut. */
function watchForCut(): { reply: Reply; cut: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    cut: promise,
    reply: (request) => {
      request.on('error', () => undefined);
      request.on('close', () => resolve());
      request.resume();
    },
  };
}

describe('a streamed segment', () => {
  test.for(encodings.flatMap((encoding) => [1, 2, 3, 100].map((length) => ({ encoding, length }))))(
    'of $length bytes arrives whole as $encoding, under its exact length, however it is cut',
    async ({ encoding, length }, { expect }) => {
      await using server = await startX([{ status: 204 }]);
      const bytes = bytesOf(length);
      const sizes = [1, 0, 1, 2, 5, 91].slice(0, length < 4 ? length + 1 : 6);
      const media = { stream: cut(bytes, length < 4 ? [length] : sizes), byteLength: length };
      let sentBytes = 0;
      await server.x.media.append({
        mediaId: '1',
        segmentIndex: 0,
        media,
        encoding,
        onBytes: (count) => {
          sentBytes += count;
        },
      });
      const { headers, body } = server.last();
      expect(headers['transfer-encoding']).toBeUndefined();
      expect(headers['content-length']).toBe(String(body.byteLength));
      const arrived =
        encoding === 'multipart'
          ? readMultipart(server.last()).at(-1)?.content
          : Buffer.from(JSON.parse(body.toString()).media, 'base64');
      expect(arrived).toEqual(bytes);
      expect(sentBytes).toBe(length);
    },
  );

  test('may be a Node stream or a web stream', async ({ expect }) => {
    await using server = await startX([{ status: 204 }]);
    const bytes = bytesOf(100);
    for (const stream of [Readable.from([bytes]), new Blob([bytes]).stream()]) {
      await server.x.media.append({ mediaId: '1', segmentIndex: 0, media: { stream, byteLength: 100 } });
      expect(readMultipart(server.last()).at(-1)?.content).toEqual(bytes);
    }
  });

  test.for(encodings)(
    'is never held: 256 MiB pass through a window of a few (%s)',
    async (encoding, { expect }) => {
      const totalBytes = 256 * MIB;
      const piece = Buffer.alloc(65_536, 7);
      const hash = createHash('sha256');
      let takenBytes = 0;
      let arrivedBytes = 0;
      let widestGapBytes = 0;
      await using server = await startX([
        (request, response) => {
          request.on('data', (chunk: Buffer) => {
            arrivedBytes += chunk.byteLength;
            if (encoding === 'multipart') hash.update(chunk);
          });
          request.on('end', () => response.writeHead(204).end());
        },
      ]);
      async function* produce(): AsyncGenerator<Uint8Array> {
        while (takenBytes < totalBytes) {
          takenBytes += piece.byteLength;
          const takenOnWire = encoding === 'json' ? (takenBytes * 4) / 3 : takenBytes;
          widestGapBytes = Math.max(widestGapBytes, takenOnWire - arrivedBytes);
          yield piece;
        }
      }
      await server.x.media.append({
        mediaId: '1',
        segmentIndex: 0,
        media: { stream: produce(), byteLength: totalBytes },
        encoding,
      });
      expect(arrivedBytes).toBeGreaterThan(totalBytes);
      // What is under way lies in the two sockets' buffers; a client that gathered it would show all of it here.
      expect(widestGapBytes).toBeLessThan(32 * MIB);
    },
  );
});

describe('a source that fails', () => {
  const broken = Object.assign(new Error('the store hung up'), { code: 'NoSuchKey' });

  test.for(encodings)('aborts the request and is the cause (%s)', async (encoding, { expect }) => {
    const { reply, cut: wasCut } = watchForCut();
    await using server = await startX([reply]);
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield bytesOf(10);
      throw broken;
    }
    const error = await catchXError(
      server.x.media.append({
        mediaId: '1',
        segmentIndex: 0,
        media: { stream: stream(), byteLength: 20 },
        encoding,
      }),
    );
    expect(error.details).toMatchObject({
      code: 'source_error',
      reach: 'unknown',
      retry: { advice: 'backoff' },
    });
    expect(error.cause).toBe(broken);
    await wasCut;
    expect(server.seen).toEqual([]);
  });

  test.for([
    { name: 'fewer', sizes: [10] },
    { name: 'more', sizes: [10, 10, 1] },
    { name: 'more, straddling the end', sizes: [10, 11] },
    { name: 'no', sizes: [] },
  ])('by giving $name bytes aborts the request', async ({ sizes }, { expect }) => {
    const { reply, cut: wasCut } = watchForCut();
    await using server = await startX([reply]);
    const media = { stream: cut(bytesOf(30), sizes), byteLength: 20 };
    const error = await catchXError(server.x.media.append({ mediaId: '1', segmentIndex: 0, media }));
    expect(error.code).toBe('source_error');
    expect(error.cause).toBeInstanceOf(RangeError);
    await wasCut;
    expect(server.seen).toEqual([]);
  });

  test('by giving text is told so', async ({ expect }) => {
    await using server = await startX([watchForCut().reply]);
    const media = { stream: Readable.from(['abc']), byteLength: 3 };
    const error = await catchXError(server.x.media.append({ mediaId: '1', segmentIndex: 0, media }));
    expect(error.code).toBe('source_error');
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test('before it is read fails the call, not the process', async ({ expect }) => {
    await using server = await startX([watchForCut().reply]);
    const stream = new Readable({ read: () => undefined });
    const call = catchXError(
      server.x.media.append({ mediaId: '1', segmentIndex: 0, media: { stream, byteLength: 3 } }),
    );
    stream.destroy(broken);
    const error = await call;
    expect(error.code).toBe('source_error');
    expect(error.cause).toBe(broken);
  });
});

describe('the source is closed', () => {
  const endless = () => {
    const stream = new Readable({
      read() {
        this.push(Buffer.alloc(65_536));
      },
    });
    return { stream, closed: once(stream, 'close') };
  };
  const byteLength = 1024 * MIB;

  test('when X answers before all is sent', async ({ expect }) => {
    await using server = await startX([(_request, response) => response.writeHead(413).end()]);
    const { stream, closed } = endless();
    const error = await catchXError(
      server.x.media.append({ mediaId: '1', segmentIndex: 0, media: { stream, byteLength } }),
    );
    // An answer that comes while bytes still flow may be lost to the reset that follows it, but mostly is not.
    expect(['payload_too_large', 'connection']).toContain(error.code);
    await closed;
  });

  test('when the call is aborted half-way', async ({ expect }) => {
    const abort = new AbortController();
    await using server = await startX([(request) => request.once('data', () => abort.abort())]);
    const { stream, closed } = endless();
    const error = await catchXError(
      server.x.media.append(
        { mediaId: '1', segmentIndex: 0, media: { stream, byteLength } },
        { signal: abort.signal },
      ),
    );
    expect(error.code).toBe('aborted');
    await closed;
  });

  test('when nothing could be sent', async ({ expect }) => {
    await using server = await startX([{}], { baseUrl: 'http://127.0.0.1:1' });
    const { stream, closed } = endless();
    const error = await catchXError(
      server.x.media.append({ mediaId: '1', segmentIndex: 0, media: { stream, byteLength } }),
    );
    expect(error.code).toBe('not_sent');
    await closed;
  });

  test('when the input is refused', async ({ expect }) => {
    await using server = await startX([{}]);
    const { stream, closed } = endless();
    const error = await catchXError(
      server.x.media.append({ mediaId: 'x', segmentIndex: 0, media: { stream, byteLength } }),
    );
    expect(error.code).toBe('invalid_input');
    await closed;
  });

  test('also a web stream', async ({ expect }) => {
    await using server = await startX([{}], { baseUrl: 'http://127.0.0.1:1' });
    const canceled = Promise.withResolvers<void>();
    const stream = new ReadableStream<Uint8Array>({ cancel: () => canceled.resolve() });
    const error = await catchXError(
      server.x.media.upload({ media: { stream, byteLength: 3 }, mediaCategory: 'tweet_image' }),
    );
    expect(error.code).toBe('not_sent');
    await canceled.promise;
  });
});
