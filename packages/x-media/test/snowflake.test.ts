import { describe, test } from 'vitest';
import { postIdAt, timeOfPostId } from '../src/index.ts';

describe('post ids and time', () => {
  test('an id tells its time', ({ expect }) => {
    // A post of X's docs, whose created_at is 2019-12-31T19:26:16.000Z.
    expect(new Date(timeOfPostId('1212092628029698048')).toISOString()).toBe('2019-12-31T19:26:16.771Z');
  });

  test('the bound of an instant lies below all ids of that instant and above all earlier ones', ({
    expect,
  }) => {
    const ms = Date.UTC(2026, 10, 22, 12, 0, 0, 123);
    const bound = BigInt(postIdAt(ms));
    expect(timeOfPostId(String(bound))).toBe(ms);
    expect(timeOfPostId(String(bound - 1n))).toBe(ms - 1);
    expect(timeOfPostId(String(bound + 4_194_303n))).toBe(ms);
  });

  test('before there were such ids, the bound is zero', ({ expect }) => {
    expect(postIdAt(0)).toBe('0');
  });
});
