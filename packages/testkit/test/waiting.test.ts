import { describe, test } from 'vitest';
import { eventually, movableClock, seededRandom } from '../src/index.ts';

describe('eventually', () => {
  test('returns the first value that holds, after values and errors that do not', async ({ expect }) => {
    const answers = [
      () => undefined,
      () => false as const,
      () => {
        throw new Error('not yet');
      },
      () => 'here',
    ];
    expect(await eventually(() => answers.shift()?.())).toBe('here');
    expect(answers).toEqual([]);
  });

  test('takes 0 and the empty string for values', async ({ expect }) => {
    expect(await eventually(() => 0)).toBe(0);
    expect(await eventually(() => '')).toBe('');
  });

  test('says what did not hold, and the last value or error', async ({ expect }) => {
    const cause = new Error('refused');
    await expect(
      eventually(() => false, { timeoutMs: 1, describe: 'the post is published' }),
    ).rejects.toThrow('the post is published did not hold within 1 ms; last value: false');
    await expect(
      eventually(() => Promise.reject(cause), { timeoutMs: 1, describe: 'the server is up' }),
    ).rejects.toMatchObject({ message: expect.stringContaining('last error: refused'), cause });
  });
});

describe('seededRandom', () => {
  test('repeats itself for the same seed only', ({ expect }) => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 20 }, () => random.fraction());
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });

  test('reaches both ends of a range and nothing beyond', ({ expect }) => {
    const random = seededRandom(1);
    const drawn = new Set(Array.from({ length: 500 }, () => random.integer(-1, 3)));
    expect([...drawn].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2, 3]);
  });
});

describe('movableClock', () => {
  test('moves only when told to, and only forward', ({ expect }) => {
    const clock = movableClock(1000);
    expect(clock.now()).toBe(1000);
    clock.advance(250);
    expect(clock.now()).toBe(1250);
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
  });
});
