import { test } from 'vitest';
import { closestName } from '../src/index.ts';

test.for([
  ['SLIPWAY_ACCOUNT_FILE', ['SLIPWAY_ACCOUNTS_FILE', 'SLIPWAY_ENV'], 'SLIPWAY_ACCOUNTS_FILE'],
  ['slipway-accounts-file', ['SLIPWAY_ACCOUNTS_FILE'], 'SLIPWAY_ACCOUNTS_FILE'],
  ['txt', ['text', 'media'], 'text'],
  ['txt', ['media', 'post.text'], 'post.text'],
  ['title', ['tweet'], null],
  ['a', ['b'], 'b'],
  ['text', [], null],
  ['', ['text'], null],
] as const)('of %s among %j is %s', ([given, names, nearest], { expect }) => {
  expect(closestName(given, names)).toBe(nearest);
});

test('takes no longer for a long name', ({ expect }) => {
  expect(closestName('x'.repeat(1_000_000), ['text'])).toBeNull();
});
