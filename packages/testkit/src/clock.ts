/** A clock that moves only when told to. Milliseconds since the epoch, like `Date`. */
export interface MovableClock {
  now(): number;
  advance(ms: number): void;
}

export function movableClock(startMs: number = Date.parse('2026-01-01T00:00:00Z')): MovableClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`a clock goes forward, not by ${ms} ms`);
      nowMs += ms;
    },
  };
}
