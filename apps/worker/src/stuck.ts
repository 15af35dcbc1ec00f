/** What was seen of a queue and of its consumer in this process, at one instant. */
export interface Sight {
  /** By a clock that goes on while the process is stopped, in ms. */
  at: number;
  /** Posts that somebody should be working on by now, and nobody is. */
  due: number;
  /** Jobs that this consumer has taken since it began. */
  taken: number;
  /** Of those, the ones that it has in hand. */
  running: number;
}

/** A consumer that leaves due work lying, and since when. */
export interface Suspicion {
  since: number;
  last: Sight;
}

/**
 * Looks once more. A consumer is suspected while it has nothing in hand and takes nothing, though there is work at every sight. A
 * sight that comes too late after the one before it begins anew: the process was stopped, or Redis was away.
 */
export function suspect(before: Suspicion | null, sight: Sight, maxGapMs: number): Suspicion | null {
  if (sight.due === 0 || sight.running > 0) return null;
  const goesOn =
    before !== null && before.last.taken === sight.taken && sight.at - before.last.at <= maxGapMs;
  return { since: goesOn ? before.since : sight.at, last: sight };
}
