import { readFileSync } from 'node:fs';
import { readTables } from '@slipway/testkit';
import { describe, test } from 'vitest';
import {
  BLOCK_CAUSES,
  FAILURE_CODES,
  FAILURE_ROWS,
  WAITING_REASONS,
  newPostState,
} from '../src/core/index.ts';
import { failPost } from '../src/core/transitions.ts';
import { T0 } from './fixtures.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

const tablesOf = (section: string) => readTables(page, section);
const firstCells = (rows: string[][] | undefined) => (rows ?? []).map(([first = '']) => first);

describe('docs/errors.md', () => {
  test('explains every failure, and nothing else, in the order of the program', ({ expect }) => {
    const [rows] = tablesOf('Failures of a post');
    expect(firstCells(rows)).toEqual([...FAILURE_CODES]);
  });

  test('tells of each failure whether sending it again can help', ({ expect }) => {
    const [rows = []] = tablesOf('Failures of a post');
    const again = FAILURE_CODES.map((code) => {
      const failure = { code, message: '', step: 'append', field: null, hint: '', at: T0 } as const;
      return [code, failPost(newPostState({ media: [] }), failure).failure?.retryable ? 'yes' : 'no'];
    });
    expect(rows.map(([code, , , yesOrNo]) => [code, yesOrNo])).toEqual(again);
  });

  test('explains every reason to wait, and nothing else', ({ expect }) => {
    const [rows] = tablesOf('Waits');
    expect(firstCells(rows)).toEqual([...WAITING_REASONS]);
  });

  test('has the rows of the failure table, in the order in which they are tried', ({ expect }) => {
    const [rows] = tablesOf('What goes wrong at X, and what Slipway does');
    expect(firstCells(rows)).toEqual([...new Set(FAILURE_ROWS.map(({ row }) => row))]);
  });

  test('leaves none of the 39 known failures of X out', ({ expect }) => {
    const tables = tablesOf('What goes wrong at X, and what Slipway does');
    const numbered = tables.flatMap(firstCells).filter((row) => /^F\d+$/.test(row));
    const known = Array.from({ length: 39 }, (_, index) => `F${index + 1}`);
    expect(numbered.toSorted()).toEqual(known.toSorted());
  });

  test('names only failures, waits and causes that there are', ({ expect }) => {
    const words: string[] = [...FAILURE_CODES, ...WAITING_REASONS, ...BLOCK_CAUSES];
    const verdicts = page
      .split(/^## /m)
      .filter((part) => part.startsWith('What goes wrong'))
      .flatMap((part) => part.split('\n').filter((line) => line.startsWith('| ')))
      .map((line) => line.split('|').at(-2) ?? '');
    const named = verdicts.flatMap((cell) =>
      [...cell.matchAll(/`([a-z]+(?:_[a-z]+)*)`/g)].map(([, word]) => word),
    );
    expect(named.length).toBeGreaterThan(10);
    for (const word of named) {
      // Two words of X's own.
      if (word !== 'tweet_video' && word !== 'amplify_video') expect(words).toContain(word);
    }
  });
});
