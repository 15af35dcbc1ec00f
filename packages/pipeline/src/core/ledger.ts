import { segmentAt } from './chunk-plan.ts';
import { joinChecksums } from './crc.ts';
import type { ChecksumAlgorithm, SegmentRun } from './vocabulary.ts';

/** How an object is cut, and how its bytes are summed up; null for not at all. */
export interface LedgerPlan {
  totalBytes: number;
  chunkBytes: number;
  algorithm: ChecksumAlgorithm | null;
}

/** The ledger with one more acknowledged segment; runs stay ascending, disjoint and non-adjacent. */
export function acknowledge(
  runs: readonly SegmentRun[],
  segment: SegmentRun,
  plan: LedgerPlan,
): SegmentRun[] {
  if (isAcknowledged(runs, segment[0])) return [...runs];
  const others: SegmentRun[] = [];
  let merged = segment;
  for (const run of runs) {
    if (run[1] === merged[0] - 1) merged = join(run, merged, plan);
    else if (run[0] === merged[1] + 1) merged = join(merged, run, plan);
    else others.push(run);
  }
  return [...others, merged].sort((a, b) => a[0] - b[0]);
}

/** Without the checksum of both nothing is known of the whole. */
function join(
  [first, , left]: SegmentRun,
  [next, last, right]: SegmentRun,
  { totalBytes, chunkBytes, algorithm }: LedgerPlan,
): SegmentRun {
  if (!algorithm || left === undefined || right === undefined) return [first, last];
  const end = segmentAt(last, totalBytes, chunkBytes);
  const rightBytes = end.offset + end.bytes - next * chunkBytes;
  return [first, last, joinChecksums(algorithm, left, right, rightBytes)];
}

export function isAcknowledged(runs: readonly SegmentRun[], segment: number): boolean {
  return runs.some(([first, last]) => first <= segment && segment <= last);
}

export function countAcknowledged(runs: readonly SegmentRun[]): number {
  return runs.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** The first `limit` segments of 0..total-1 that are neither acknowledged nor excluded. */
export function nextSegments(
  runs: readonly SegmentRun[],
  total: number,
  limit: number,
  excluded: (segment: number) => boolean,
): number[] {
  const missing: number[] = [];
  for (let segment = 0; segment < total && missing.length < limit; segment++) {
    const run = runs.find(([first, last]) => first <= segment && segment <= last);
    if (run) segment = run[1];
    else if (!excluded(segment)) missing.push(segment);
  }
  return missing;
}
