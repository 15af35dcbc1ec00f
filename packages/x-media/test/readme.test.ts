import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { X_ERROR_CODES } from '../src/index.ts';

test('the README explains every error code, and no other', ({ expect }) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const explained = [...readme.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code);
  expect(explained.toSorted()).toEqual([...X_ERROR_CODES].toSorted());
});
