import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes that arrived before their turn. */
export interface Parked {
  bytes: number;
  /** Returns the bytes and forgets them. */
  take(): Buffer;
  discard(): void;
}

/** Keeps copies of segments that came out of order: the first few in memory, the rest in files of a directory of its own. */
export interface Parking {
  park(media: Buffer): Parked;
  close(): void;
}

export function createParking(memoryBytes = 32 * 1024 * 1024): Parking {
  let held = 0;
  let dir: string | undefined;
  let fileCount = 0;

  function inMemory(media: Buffer): Parked {
    const copy = Buffer.from(media);
    held += media.length;
    const release = () => void (held -= media.length);
    return {
      bytes: media.length,
      take() {
        release();
        return copy;
      },
      discard: release,
    };
  }

  // Written and read at once, not awaited: a few megabytes go to the page cache in about a millisecond, and an append
  // stays one step that nothing can come in between.
  function inFile(media: Buffer): Parked {
    dir ??= mkdtempSync(join(tmpdir(), 'x-sim-'));
    const path = join(dir, `segment-${fileCount++}`);
    writeFileSync(path, media);
    return {
      bytes: media.length,
      take() {
        const bytes = readFileSync(path);
        rmSync(path);
        return bytes;
      },
      discard: () => rmSync(path, { force: true }),
    };
  }

  return {
    park: (media) => (held + media.length <= memoryBytes ? inMemory(media) : inFile(media)),
    close() {
      if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
      dir = undefined;
    },
  };
}
