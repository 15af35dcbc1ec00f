import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  type LedgerPlan,
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
import { crcOf } from './crc-of.ts';
import { MIB } from './fixtures.ts';

const totalBytes = fc.integer({ min: 1, max: 512_000_000 });
const wantedBytes = fc.integer({ min: 16 * 1024, max: MAX_CHUNK_BYTES });
const segments = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 80 });
const plain: LedgerPlan = { totalBytes: 62, chunkBytes: 1, algorithm: null };
const acknowledgeAll = (all: readonly number[]): SegmentRun[] =>
  all.reduce<SegmentRun[]>((runs, segment) => acknowledge(runs, [segment, segment], plain), []);

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
    expect(acknowledge(before, [2, 2], plain)).toEqual([[0, 4]]);
    expect(acknowledge(before, [3, 3], plain)).toEqual(before);
    expect(before).toEqual([
      [0, 1],
      [3, 4],
    ]);
  });
});

describe('the checksums of the ledger', () => {
  const uploads = fc
    .record({
      algorithm: fc.constantFrom(...CHECKSUM_ALGORITHMS),
      body: fc.uint8Array({ minLength: 1, maxLength: 200 }),
      chunkBytes: fc.integer({ min: 1, max: 40 }),
    })
    .chain(({ body, ...rest }) => {
      const all = Array.from({ length: countSegments(body.length, rest.chunkBytes) }, (_, index) => index);
      const order = fc.shuffledSubarray(all, { minLength: all.length });
      // Some are acknowledged twice: the answer to the first was lost.
      return fc.tuple(order, fc.subarray(all)).map(([first, again]) => ({
        ...rest,
        body,
        order: [...first, ...again],
      }));
    });

  test('are at every moment those of the bytes of each run', ({ expect }) => {
    fc.assert(
      fc.property(uploads, ({ algorithm, body, chunkBytes, order }) => {
        const plan = { totalBytes: body.length, chunkBytes, algorithm };
        let runs: SegmentRun[] = [];
        for (const index of order) {
          const { offset, bytes } = segmentAt(index, body.length, chunkBytes);
          const checksum = crcOf(algorithm, body.subarray(offset, offset + bytes));
          runs = acknowledge(runs, [index, index, checksum], plan);
          for (const [first, last, sum] of runs) {
            const part = body.subarray(first * chunkBytes, (last + 1) * chunkBytes);
            expect(sum).toBe(crcOf(algorithm, part));
          }
        }
        expect(runs).toEqual([[0, order.length === 0 ? 0 : Math.max(...order), crcOf(algorithm, body)]]);
      }),
    );
  });

  test('are not known of a run with a segment whose own is not known', ({ expect }) => {
    const plan = { totalBytes: 30, chunkBytes: 10, algorithm: 'CRC32' } as const;
    const sums = ['AAAAAA==', 'AAAAAQ==', 'AAAAAg=='];
    const runs = [0, 2].reduce<SegmentRun[]>(
      (before, index) => acknowledge(before, [index, index, sums[index] ?? ''], plan),
      [],
    );
    expect(acknowledge(runs, [1, 1], plan)).toEqual([[0, 2]]);
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
