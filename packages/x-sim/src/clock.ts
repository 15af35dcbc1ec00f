/** The simulator's time in epoch milliseconds: expiry, processing, windows and nonces all follow it. */
export interface SimClock {
  now: () => number;
  /** Moves time forward by `ms`, frozen or not. */
  advance: (ms: number) => void;
  /** Stops time where it is; `advance` still moves it. */
  freeze: () => void;
  /** Lets a frozen clock run on from where it stood. */
  resume: () => void;
}

/** A clock that runs with `base` plus an offset. `onMove` is told of every jump. */
export function createClock(base: () => number, onMove: () => void): SimClock & { reset: () => void } {
  let offsetMs = 0;
  let frozenAtMs: number | undefined;
  return {
    now: () => frozenAtMs ?? base() + offsetMs,
    advance(ms) {
      if (!Number.isFinite(ms) || ms < 0)
        throw new RangeError(`the clock moves forward by milliseconds, not by ${ms}`);
      if (frozenAtMs === undefined) offsetMs += ms;
      else frozenAtMs += ms;
      onMove();
    },
    freeze() {
      frozenAtMs ??= base() + offsetMs;
    },
    resume() {
      if (frozenAtMs === undefined) return;
      offsetMs = frozenAtMs - base();
      frozenAtMs = undefined;
    },
    reset() {
      offsetMs = 0;
      frozenAtMs = undefined;
    },
  };
}
