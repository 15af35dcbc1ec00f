import { describe, test } from 'vitest';
import { type Sight, type Suspicion, suspect } from '../src/stuck.ts';

const MAX_GAP_MS = 20_000;
const idle = { due: 3, taken: 7, running: 0 };

/** For how long the consumer is suspected after these sights; null when it is not. */
function suspectedMs(sights: Sight[]): number | null {
  let suspicion: Suspicion | null = null;
  for (const sight of sights) suspicion = suspect(suspicion, sight, MAX_GAP_MS);
  return suspicion && suspicion.last.at - suspicion.since;
}

describe('a consumer is suspected', () => {
  test.for<[string, Sight[], number | null]>([
    ['from the first sight of work that it leaves lying', [{ at: 5, ...idle }], 0],
    ['for longer the longer it does', [0, 10_000, 20_000].map((at) => ({ at, ...idle })), 20_000],
    [
      'though what is due changes: others may be at work',
      [
        { at: 0, ...idle },
        { at: 10_000, ...idle, due: 1 },
      ],
      10_000,
    ],
    ['not without due work', [{ at: 0, ...idle, due: 0 }], null],
    ['not while it has something in hand', [{ at: 0, ...idle, running: 1 }], null],
    [
      'anew when the work was done in between',
      [
        { at: 0, ...idle },
        { at: 10_000, ...idle, due: 0 },
        { at: 20_000, ...idle },
      ],
      0,
    ],
    [
      'anew when it took a job in between, though it has ended it',
      [
        { at: 0, ...idle },
        { at: 10_000, ...idle, taken: 8 },
      ],
      0,
    ],
    [
      'anew when nobody looked for too long: the process was stopped, or Redis was away',
      [
        { at: 0, ...idle },
        { at: MAX_GAP_MS + 1, ...idle },
      ],
      0,
    ],
  ])('%s', ([, sights, expected], { expect }) => {
    expect(suspectedMs(sights)).toBe(expected);
  });
});
