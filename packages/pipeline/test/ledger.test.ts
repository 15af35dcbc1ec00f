import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import {
  MAX_CHUNK_BYTES,
  MAX_SEGMENTS,
  type SegmentRun,
  acknowledge,
  chooseChunkBytes,
  countAcknowledged,
  countSegments,
  isAcknowledged,
  nextSegments,
  segmentAt,
} from '../src/core/index.ts';
import { MIB } from './fixtures.ts';

const totalBytes = fc.integer({ min: 1, max: 512_000_000 });
const wantedBytes = fc.integer({ min: 16 * 1024, max: MAX_CHUNK_BYTES });
const segments = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 80 });
const acknowledgeAll = (all: readonly number[]): SegmentRun[] =>
  all.reduce<SegmentRun[]>((runs, segment) => acknowledge(runs, segment), []);

describe('a chunk plan', () => {
  test('covers the file exactly once and in order, in at most 1000 segments', ({ expect }) => {
    fc.assert(
      fc.property(totalBytes, wantedBytes, (total, wanted) => {
        const chunkBytes = chooseChunkBytes(total, wanted);
        const count = countSegments(total, chunkBytes);
        expect(count).toBeLessThanOrEqual(MAX_SEGMENTS);
        const plan = Array.from({ length: count }, (_, index) => segmentAt(index, total, chunkBytes));
        let end = 0;
        for (const { offset, bytes } of plan) {
          if (offset !== end) expect(offset).toBe(end);
          end += bytes;
        }
        // A segment without bytes is never sent, and only the last is short.
        expect(plan.slice(0, -1).every(({ bytes }) => bytes === chunkBytes)).toBe(true);
        expect(plan.at(-1)?.bytes).toBeGreaterThan(0);
        expect(plan.every(({ index }, place) => index === place)).toBe(true);
        expect(end).toBe(total);
      }),
      { numRuns: 200 },
    );
  });

  test('takes the wanted size wherever 1000 segments of it hold the file', ({ expect }) => {
    fc.assert(
      fc.property(totalBytes, wantedBytes, (total, wanted) => {
        const chunkBytes = chooseChunkBytes(total, wanted);
        if (total <= wanted * MAX_SEGMENTS) expect(chunkBytes).toBe(wanted);
        else expect(countSegments(total, chunkBytes - 1)).toBeGreaterThan(MAX_SEGMENTS);
      }),
    );
  });

  test('of the largest file that X takes keeps 4 MiB, or any size down to 512,000', ({ expect }) => {
    expect(chooseChunkBytes(512_000_000, 4 * MIB)).toBe(4 * MIB);
    expect(chooseChunkBytes(512_000_000, 512_000)).toBe(512_000);
    expect(chooseChunkBytes(512_000_000, 256 * 1024)).toBe(512_000);
  });

  test('of a file of more than 1000 chunks of 4 MiB grows the chunk', ({ expect }) => {
    for (const total of [1000 * MAX_CHUNK_BYTES + 1, 17_179_869_184]) {
      const chunkBytes = chooseChunkBytes(total, MAX_CHUNK_BYTES);
      expect(chunkBytes).toBeGreaterThan(MAX_CHUNK_BYTES);
      expect(countSegments(total, chunkBytes)).toBeLessThanOrEqual(MAX_SEGMENTS);
    }
    expect(chooseChunkBytes(1000 * MAX_CHUNK_BYTES, MAX_CHUNK_BYTES)).toBe(MAX_CHUNK_BYTES);
  });
});

describe('the ledger', () => {
  test('holds what was acknowledged, and nothing else', ({ expect }) => {
    fc.assert(
      fc.property(segments, (all) => {
        const runs = acknowledgeAll(all);
        for (let segment = 0; segment <= 61; segment++) {
          expect(isAcknowledged(runs, segment)).toBe(all.includes(segment));
        }
        expect(countAcknowledged(runs)).toBe(new Set(all).size);
      }),
    );
  });

  test('does not depend on the order', ({ expect }) => {
    const shuffled = segments.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(acknowledgeAll(other)).toEqual(acknowledgeAll(all));
      }),
    );
  });

  test('keeps its runs ascending, disjoint and non-adjacent', ({ expect }) => {
    fc.assert(
      fc.property(segments, (all) => {
        const runs = acknowledgeAll(all);
        for (const [index, [first, last]] of runs.entries()) {
          expect(first).toBeLessThanOrEqual(last);
          const before = runs[index - 1];
          if (before) expect(first).toBeGreaterThan(before[1] + 1);
        }
      }),
    );
  });

  test('leaves the one it was made from as it was', ({ expect }) => {
    const before: SegmentRun[] = [
      [0, 1],
      [3, 4],
    ];
    expect(acknowledge(before, 2)).toEqual([[0, 4]]);
    expect(acknowledge(before, 3)).toEqual(before);
    expect(before).toEqual([
      [0, 1],
      [3, 4],
    ]);
  });
});

describe('the next segments', () => {
  const questions = fc.record({
    acknowledged: segments,
    excluded: segments,
    total: fc.integer({ min: 0, max: 61 }),
    limit: fc.integer({ min: -2, max: 20 }),
  });

  test('are the first that are neither acknowledged nor excluded', ({ expect }) => {
    fc.assert(
      fc.property(questions, ({ acknowledged, excluded, total, limit }) => {
        const missing = Array.from({ length: total }, (_, segment) => segment).filter(
          (segment) => !acknowledged.includes(segment) && !excluded.includes(segment),
        );
        const next = nextSegments(acknowledgeAll(acknowledged), total, limit, (segment) =>
          excluded.includes(segment),
        );
        expect(next).toEqual(missing.slice(0, Math.max(0, limit)));
      }),
    );
  });
});
