import type { ByteStream } from './media-types.ts';

/** Media bytes on their way out, counted. */
export interface MediaSource {
  byteLength: number;
  /** The bytes in pieces; throws unless there are exactly as many as promised. Read once. */
  pieces(): AsyncIterable<Uint8Array>;
  /** Set once the source itself has failed, so that its error is not mistaken for one of X's. */
  failure(): { error: unknown } | undefined;
  /** Closes the underlying stream, also one that was never read. */
  release(): void;
}

/** Progress and backpressure work in steps of this size for media in memory. */
const SLICE_BYTES = 262_144;

export function openSource(media: Uint8Array | ByteStream, onBytes?: (bytes: number) => void): MediaSource {
  const { stream, byteLength } =
    media instanceof Uint8Array ? { stream: slice(media), byteLength: media.byteLength } : media;
  // A Node stream that fails before it is read must fail the call, not the process.
  if ('on' in stream && typeof stream.on === 'function') stream.on('error', () => undefined);
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let failure: { error: unknown } | undefined;

  async function* read(): AsyncGenerator<Uint8Array> {
    let givenBytes = 0;
    try {
      iterator = stream[Symbol.asyncIterator]();
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) break;
        const piece = next.value;
        if (!(piece instanceof Uint8Array)) throw new TypeError('The media stream must give bytes');
        givenBytes += piece.byteLength;
        if (givenBytes > byteLength) {
          throw new RangeError(`The media stream gave more than the promised ${byteLength} bytes`);
        }
        if (piece.byteLength === 0) continue;
        yield piece;
        onBytes?.(piece.byteLength);
      }
      if (givenBytes < byteLength) {
        throw new RangeError(`The media stream ended after ${givenBytes} of ${byteLength} bytes`);
      }
    } catch (error) {
      failure = { error };
      throw error;
    }
  }

  return {
    byteLength,
    pieces: read,
    failure: () => failure,
    release() {
      // A Node stream's iterator closes it only once it has been read from; destroy closes it always.
      if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
      else {
        iterator ??= stream[Symbol.asyncIterator]();
        iterator.return?.().catch(() => undefined);
      }
    },
  };
}

async function* slice(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += SLICE_BYTES) {
    yield bytes.subarray(start, start + SLICE_BYTES);
  }
}
