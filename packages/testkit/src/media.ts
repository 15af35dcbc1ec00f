import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A media file that is made on demand: the same seed gives the same bytes, another seed another hash. */
export interface Media {
  readonly contentType: string;
  readonly totalBytes: number;
  /** The bytes from the start, anew with each call, in pieces of at most 1 MiB; nothing else is held. */
  stream(): AsyncGenerator<Uint8Array, undefined>;
  /** The whole of it in memory. */
  bytes(): Promise<Buffer>;
  /** Hex. Known once a `stream()` was read to its end; otherwise read for it. */
  sha256(): Promise<string>;
}

export function describeMedia(
  contentType: string,
  totalBytes: number,
  pieces: () => Iterable<Uint8Array>,
): Media {
  let digest: string | undefined;

  async function* stream(): AsyncGenerator<Uint8Array, undefined> {
    const hash = createHash('sha256');
    for (const piece of pieces()) {
      hash.update(piece);
      yield piece;
    }
    digest = hash.digest('hex');
  }

  const digestPieces = (): string => {
    const hash = createHash('sha256');
    for (const piece of pieces()) hash.update(piece);
    return hash.digest('hex');
  };

  return {
    contentType,
    totalBytes,
    stream,
    bytes: async () => Buffer.concat([...pieces()], totalBytes),
    sha256: async () => (digest ??= digestPieces()),
  };
}

/** Reads one of the small files of `media/`, each made once by ffmpeg. */
export function readFixture(name: string): Buffer {
  return readFileSync(new URL(`../media/${name}`, import.meta.url));
}
