import type { Readable } from 'node:stream';
import { type Checksum, tellWrongBytes } from '../core/index.ts';
import { startChecksum } from './crc.ts';
import { type ObjectName, SourceError, broken, nameOf } from './source-error.ts';

/** What was found when an object was first looked at. */
export interface Pin {
  etag: string;
  bytes: number;
  /** Where it is given, what is read is summed up. */
  checksum?: Checksum | null;
}

/** Bytes of an object on their way. */
export interface ObjectStream extends AsyncIterable<Uint8Array> {
  /** Of all its bytes, by the pin's algorithm; null until they were read to the end, and for a pin without a checksum. */
  checksum(): string | null;
}

/** The body of an answer, which must give as many bytes as were asked for, and of a whole object the right ones. */
export function checked(
  body: Readable,
  { name, pin, bytes }: { name: ObjectName; pin: Pin; bytes: number },
  signal: AbortSignal,
): ObjectStream {
  let checksum: string | null = null;
  async function* read(): AsyncGenerator<Uint8Array, undefined> {
    let seen = 0;
    const checkLength = (right: boolean): void => {
      if (right) return;
      const text = `${nameOf(name)}: the store promised ${bytes} bytes and sent ${seen}.`;
      throw new SourceError('wrong_range', text);
    };
    const running = pin.checksum ? await startChecksum(pin.checksum.algorithm) : null;
    try {
      for await (const chunk of chunksOf(body)) {
        seen += chunk.length;
        checkLength(seen <= bytes);
        running?.update(chunk);
        yield chunk;
      }
    } catch (error) {
      throw broken(name, error, signal);
    }
    checkLength(seen === bytes);
    if (!running || !pin.checksum) return;
    checksum = running.digest();
    if (bytes === pin.bytes && checksum !== pin.checksum.value) {
      throw new SourceError('wrong_bytes', `${nameOf(name)}: ${tellWrongBytes(pin.checksum, checksum)}`);
    }
  }
  // The body may break off before anyone reads it; whoever reads then is told.
  body.on('error', () => undefined);
  const chunks = read();
  return {
    checksum: () => checksum,
    [Symbol.asyncIterator]: () => ({
      next: () => chunks.next(),
      // A generator that was never started runs no `finally`: a body that nobody came to read is closed here.
      return: () => {
        body.destroy();
        return chunks.return(undefined);
      },
    }),
  };
}

/** A body without an encoding gives buffers, which its type does not say. */
export function chunksOf(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return body;
}
