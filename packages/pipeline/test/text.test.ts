import { test } from 'vitest';
import { TEXT_LIMIT, weighText } from '../src/text.ts';

const rows: [string, string, number][] = [
  ['nothing', '', 0],
  ['a letter', 'a', 1],
  ['an accent, composed or not', 'é', 1],
  ['the same in two code points', 'e\u0301', 1],
  ['a Chinese character', '漢', 2],
  ['Korean', '한글', 4],
  ['an emoji', '🚀', 2],
  ['a family of emoji', '👨‍👩‍👧‍👦', 2],
  ['a flag', '🇩🇪', 2],
  ['a short link', 'https://x.co', 23],
  ['a long link', `https://example.com/${'a'.repeat(200)}`, 23],
  ['a link in words', 'see https://example.com/launch now', 4 + 23 + 4],
  ['a domain without a scheme', 'example.com', 23],
  ['two lines', 'a\nb', 3],
  ['a mention and a tag', '@slipway #launch', 16],
];

test.for(rows)('%s', ([, text, weight], { expect }) => {
  expect(weighText(text)).toEqual({ weightedLength: weight, limit: TEXT_LIMIT, valid: true });
});

test('280 is the limit, counted as X counts', ({ expect }) => {
  expect(TEXT_LIMIT).toBe(280);
  expect(weighText('a'.repeat(280)).valid).toBe(true);
  expect(weighText('a'.repeat(281))).toEqual({ weightedLength: 281, limit: 280, valid: false });
  expect(weighText('漢'.repeat(140)).valid).toBe(true);
  expect(weighText('漢'.repeat(141)).valid).toBe(false);
});
