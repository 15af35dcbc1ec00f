import { readFileSync } from 'node:fs';
import { FAILURE_CODES } from '@slipway/pipeline/core';
import { readTables } from '@slipway/testkit';
import { test } from 'vitest';
import { FIELD_CODES, PROBLEM_CODES } from '../src/problems.ts';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

test('docs/errors.md explains every problem of the API and every code of a field, and nothing else', ({
  expect,
}) => {
  const [problems = [], fields = []] = readTables(page, 'Problems of the HTTP API');
  expect(new Set(problems.map(([code]) => code))).toEqual(new Set(PROBLEM_CODES));
  const failures: readonly string[] = FAILURE_CODES;
  const own = FIELD_CODES.filter((code) => !failures.includes(code));
  expect(new Set(fields.map(([code]) => code))).toEqual(new Set(own));
});
