import { describe, test } from 'vitest';
import { isPostId, layOut, newPostId, slotOfAccount, slotOfPost } from '../src/index.ts';

const accounts = Array.from({ length: 2_000 }, (_, index) => `acct_${index}`);

describe('the id of a post', () => {
  test('is post_ and a lower-case ULID', ({ expect }) => {
    for (const account of accounts.slice(0, 100)) {
      const id = newPostId(account, 1_700_000_000_000);
      expect(id).toMatch(/^post_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
      expect(isPostId(id)).toBe(true);
    }
    const id = newPostId('acct_1', 0);
    for (const bad of [
      '',
      id.slice(0, -1),
      `${id}0`,
      id.toUpperCase(),
      id.replace('post_', 'acct_'),
      `${id.slice(0, -1)}u`,
      `post_8${id.slice(6)}`,
      ` ${id}`,
      `${id}\n`,
    ]) {
      expect(isPostId(bad), JSON.stringify(bad)).toBe(false);
    }
  });

  test('carries the routing slot of its account', ({ expect }) => {
    for (const account of accounts) {
      expect(slotOfPost(newPostId(account, Date.now()))).toBe(slotOfAccount(account));
    }
  });

  test('has the slot crc32 of the account modulo 1024', ({ expect }) => {
    // The check value of CRC-32 (ISO-HDLC), and an empty string.
    expect(slotOfAccount('123456789')).toBe(0xcbf43926 % 1024);
    expect(slotOfAccount('')).toBe(0);
    expect(new Set(accounts.map(slotOfAccount)).size).toBeGreaterThan(800);
  });

  test('sorts by its time, and is never the same twice', ({ expect }) => {
    const start = Date.parse('2026-01-01T00:00:00Z');
    const ids = accounts.map((account, index) => newPostId(account, start + index));
    expect(ids.toSorted()).toEqual(ids);
    const sameTime = accounts.map(() => newPostId('acct_1', start));
    expect(new Set(sameTime).size).toBe(sameTime.length);
  });
});

describe('a layout', () => {
  test.for([1, 3, 1024])('of %i partitions puts a post where its account is', (count, { expect }) => {
    const layout = layOut(count);
    expect(layout.partitions).toHaveLength(count);
    for (const account of accounts) {
      const keys = layout.forAccount(account);
      expect(keys.partition).toBe(slotOfAccount(account) % count);
      expect(layout.forPost(newPostId(account, 0))).toBe(keys);
    }
    const used = new Set(accounts.map((account) => layout.forAccount(account).partition));
    expect(used.size).toBeGreaterThan(Math.min(count, 800) - 1);
  });

  test('has all keys of a partition under one hash tag, which no other has', ({ expect }) => {
    const names = layOut(1024).partitions.map(({ partition, ...names }) => {
      const tag = `{slipway:${partition}}`;
      const keys = Object.values(names).map((name) =>
        typeof name === 'string' ? name : name('x', '2026-01'),
      );
      expect(keys.every((key) => key.startsWith(tag))).toBe(true);
      expect(new Set(keys).size).toBe(keys.length);
      return tag;
    });
    expect(new Set(names).size).toBe(1024);
  });
});
