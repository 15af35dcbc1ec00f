/** Chance that can be had again: print `seed` where a test fails. */
export interface SeededRandom {
  readonly seed: number;
  /** In [0, 1). */
  fraction(): number;
  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number;
}

/** Mulberry32: 32 bits of state, evenly spread, the same on every machine. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed | 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    seed,
    fraction,
    integer: (least, most) => least + Math.floor(fraction() * (most - least + 1)),
  };
}
