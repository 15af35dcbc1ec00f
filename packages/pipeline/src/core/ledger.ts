import type { SegmentRun } from './vocabulary.ts';

/** The ledger with one more acknowledged segment; runs stay ascending, disjoint and non-adjacent. */
export function acknowledge(runs: readonly SegmentRun[], segment: number): SegmentRun[] {
  if (isAcknowledged(runs, segment)) return [...runs];
  const merged: SegmentRun[] = [];
  let [first, last] = [segment, segment];
  for (const run of runs) {
    if (run[1] === segment - 1) first = run[0];
    else if (run[0] === segment + 1) last = run[1];
    else merged.push(run);
  }
  merged.push([first, last]);
  return merged.sort((a, b) => a[0] - b[0]);
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
