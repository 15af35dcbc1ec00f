import { describe, test } from 'vitest';
import { judge, resetOf } from '../src/core/index.ts';
import { situationAt } from './failure-cases.ts';
import { HOUR, MINUTE, SECOND, T0, answer, xProblem } from './fixtures.ts';

const limit = (remaining: number | null, inMs: number | null) => ({
  remaining,
  resetAt: inMs === null ? null : T0 + inMs,
});

describe('the instant at which X takes requests again', () => {
  test('is the latest reset of the windows that are spent', ({ expect }) => {
    const limits = [limit(0, MINUTE), limit(0, 5 * HOUR), limit(0, HOUR)];
    expect(resetOf(limits, T0)).toBe(T0 + 5 * HOUR);
  });

  test('does not look at windows that are not spent', ({ expect }) => {
    expect(resetOf([limit(90, 10 * MINUTE), limit(0, HOUR), limit(7, 20 * HOUR)], T0)).toBe(T0 + HOUR);
    expect(resetOf([limit(0, MINUTE), limit(7, 20 * HOUR)], T0)).toBe(T0 + MINUTE);
  });

  test('is the 15-minute reset when none is spent, or nothing says so', ({ expect }) => {
    expect(resetOf([limit(90, 10 * MINUTE)], T0)).toBe(T0 + 10 * MINUTE);
    expect(resetOf([limit(null, 10 * MINUTE)], T0)).toBe(T0 + 10 * MINUTE);
  });

  test('is not in the past', ({ expect }) => {
    expect(resetOf([limit(0, -SECOND)], T0)).toBeNull();
    expect(resetOf([limit(0, 0)], T0)).toBeNull();
    expect(resetOf([limit(0, -SECOND), limit(0, HOUR)], T0)).toBe(T0 + HOUR);
  });

  test('is not known without headers', ({ expect }) => {
    expect(resetOf([], T0)).toBeNull();
    expect(resetOf([limit(0, null)], T0)).toBeNull();
  });
});

describe('a 429', () => {
  const until = (patch: Parameters<typeof situationAt>[1], limits = [limit(0, 5 * MINUTE)]) => {
    const { verdict } = judge(
      { ...xProblem(answer(429, 'Too Many Requests')), limits },
      situationAt('publish', patch),
    );
    return verdict.do === 'hold' && verdict.until !== null ? verdict.until - T0 : null;
  };

  test('is waited out with one to five seconds to spare', ({ expect }) => {
    expect(until({ jitter: 0 })).toBe(5 * MINUTE + SECOND);
    expect(until({ jitter: 0.999_99 })).toBe(5 * MINUTE + 5 * SECOND);
  });

  test('without a reset is waited out for at least a minute, longer each time, a quarter of an hour at most', ({
    expect,
  }) => {
    const waits = Array.from({ length: 8 }, (_, times) => until({ jitter: 1, strikes: () => times }, []));
    expect(waits).toEqual([2, 3, 5, 9, 15, 15, 15, 15].map((minutes) => minutes * MINUTE));
    expect(until({ jitter: 0 }, [])).toBeGreaterThanOrEqual(MINUTE);
    expect(until({ jitter: 0 }, [limit(0, -SECOND)])).toBeGreaterThanOrEqual(MINUTE);
  });
});
