import { crc32 } from 'node:zlib';
import { seededRandom } from '@slipway/testkit';

/** Draws that a plan is made of. */
export interface Chance {
  integer(least: number, most: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  shuffle<T>(items: readonly T[]): T[];
}

/** A stream of draws of its own for each `purpose`, so that a change of one part of a plan leaves the others as they are. */
export function chance(seed: number, purpose: string): Chance {
  const random = seededRandom(seed ^ crc32(purpose));
  const pick = <T>(from: readonly T[]): T => {
    const picked = from[random.integer(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  };
  return {
    integer: (least, most) => random.integer(least, most),
    happens: (probability) => random.fraction() < probability,
    pick,
    shuffle(items) {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last -= 1) {
        const other = random.integer(0, last);
        const [a, b] = [shuffled[last], shuffled[other]];
        if (a === undefined || b === undefined) continue;
        shuffled[last] = b;
        shuffled[other] = a;
      }
      return shuffled;
    },
  };
}
