import { createHash, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SimConfig } from '../config.ts';
import type { Parked, Parking } from './parking.ts';

export interface Segment {
  index: number;
  bytes: number;
  /** Null unless all digests are made. */
  sha256: string | null;
  /** How often this segment arrived whole and was taken. */
  receivedTimes: number;
}

/** The segments of one upload: hashed as they come and not kept, but for those that came before their turn. */
export interface SegmentStore {
  /** Takes a segment, replacing the one that was there. */
  add(index: number, media: Buffer): void;
  get(index: number): Segment | undefined;
  list(): Segment[];
  /** Bytes of all distinct segments. */
  bytes(): number;
  /** Bytes that came for segments already here. */
  repeatedBytes(): number;
  /** The first kilobytes of segment 0. */
  head(): Buffer;
  /** The content as text, for stores made with `keepText`. */
  text(): string;
  /**
   * SHA-256 of the whole media in segment order. Null when a segment was replaced by different bytes after it had been
   * hashed (what followed it is gone, so the sum of the new content cannot be known), or when nothing is hashed.
   */
  finish(): string | null;
  discard(): void;
}

const HEAD_BYTES = 64 * 1024;

export function createSegmentStore(
  parking: Parking,
  options: { keepText: boolean; digests: SimConfig['digests'] },
): SegmentStore {
  const segments = new Map<number, Segment>();
  /** What tells a segment that came again from one with other bytes. */
  const sums = new Map<number, string>();
  const parked = new Map<number, Parked>();
  const whole = createHash('sha256');
  const kept: string[] = [];
  let nextIndex = 0;
  let totalBytes = 0;
  let repeatedBytes = 0;
  let head: Buffer = Buffer.alloc(0);
  let isRewritten = false;
  let finished: string | null | undefined;

  function fold(media: Buffer) {
    if (options.digests !== 'none') whole.update(media);
    if (options.keepText) kept.push(media.toString('utf8'));
  }

  function foldParked() {
    for (let next = parked.get(nextIndex); next !== undefined; next = parked.get(nextIndex)) {
      parked.delete(nextIndex++);
      fold(next.take());
    }
  }

  return {
    add(index, media) {
      const sha256 = options.digests === 'all' ? hash('sha256', media) : null;
      const sum = sha256 ?? sample(media);
      const isSame = sums.get(index) === sum;
      sums.set(index, sum);
      const before = segments.get(index);
      totalBytes += media.length - (before?.bytes ?? 0);
      if (before !== undefined) repeatedBytes += media.length;
      segments.set(index, {
        index,
        bytes: media.length,
        sha256,
        receivedTimes: (before?.receivedTimes ?? 0) + 1,
      });
      if (index === 0) head = Buffer.from(media.subarray(0, HEAD_BYTES));
      if (isSame) return;
      if (index < nextIndex) {
        isRewritten = true;
        return;
      }
      parked.get(index)?.discard();
      parked.delete(index);
      if (index === nextIndex) {
        nextIndex += 1;
        fold(media);
        foldParked();
      } else {
        parked.set(index, parking.park(media));
      }
    },
    get: (index) => segments.get(index),
    list: () => [...segments.values()].sort((a, b) => a.index - b.index),
    bytes: () => totalBytes,
    repeatedBytes: () => repeatedBytes,
    head: () => head,
    text: () => kept.join(''),
    finish() {
      if (finished !== undefined) return finished;
      // Only the sum of the bytes counts for X; indices may have gaps.
      for (const index of [...parked.keys()].sort((a, b) => a - b)) {
        fold(parked.get(index)?.take() ?? Buffer.alloc(0));
        parked.delete(index);
      }
      finished = isRewritten || options.digests === 'none' ? null : whole.digest('hex');
      return finished;
    },
    discard() {
      for (const item of parked.values()) item.discard();
      parked.clear();
    },
  };
}

/** A cheap stand-in for a digest: length, first and last kilobytes. */
function sample(media: Buffer): string {
  return `${media.length} ${crc32(media.subarray(-4096), crc32(media.subarray(0, 4096)))}`;
}
