import { createCipheriv, createHash } from 'node:crypto';
import { describeMedia, readFixture, type Media } from './media.ts';

export interface VideoOptions {
  /** The exact size of the file; at least `smallestVideoBytes`. */
  bytes: number;
  seed: number;
}

/** Enough for the two seconds of picture and sound, and for a box that tells one seed from another. */
export const smallestVideoBytes = 64 * 1024;

const pieceBytes = 1024 * 1024;

/**
 * An MP4 of any size: 2 s of 640×360 H.264 High (yuv420p) with AAC, followed by a `free` box, which players skip, filled
 * with bytes that follow from the seed.
 */
export function makeVideo({ bytes, seed }: VideoOptions): Media {
  if (bytes < smallestVideoBytes) throw new RangeError(`a video has at least ${smallestVideoBytes} bytes`);
  const picture = readFixture('video.mp4');
  const boxBytes = bytes - picture.length;
  const header = freeBoxHeader(boxBytes);
  return describeMedia('video/mp4', bytes, function* () {
    yield picture;
    yield header;
    yield* noise(seed, boxBytes - header.length);
  });
}

/** ISO/IEC 14496-12, 4.2: a size of 1 says that the real one follows the type in 64 bits. */
function freeBoxHeader(boxBytes: number): Buffer {
  if (boxBytes <= 0xffff_ffff) {
    const header = Buffer.from('\0\0\0\0free', 'latin1');
    header.writeUInt32BE(boxBytes);
    return header;
  }
  const header = Buffer.from('\0\0\0\u0001free\0\0\0\0\0\0\0\0', 'latin1');
  header.writeBigUInt64BE(BigInt(boxBytes), 8);
  return header;
}

/** A cipher's key stream: no two pieces alike, so that misplaced segments change the hash, and made faster than it is sent. */
function* noise(seed: number, totalBytes: number): Generator<Uint8Array, undefined> {
  const key = createHash('sha256').update(`slipway ${seed}`).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(pieceBytes);
  for (let left = totalBytes; left > 0; left -= pieceBytes) {
    yield cipher.update(left < pieceBytes ? zeros.subarray(0, left) : zeros);
  }
}
