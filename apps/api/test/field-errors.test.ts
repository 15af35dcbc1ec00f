import { describe, test } from 'vitest';
import { z } from 'zod';
import { formatPath, toFieldErrors } from '../src/field-errors.ts';

const schema = z.strictObject({
  name: z.string().max(3),
  kind: z.enum(['first', 'second']).optional(),
  count: z.int().min(1).optional(),
  items: z
    .array(z.strictObject({ key: z.string(), size: z.int().optional() }))
    .max(2)
    .default([]),
  options: z.strictObject({ replySettings: z.string().optional() }).default({}),
});

function errorsOf(input: unknown): string[] {
  const parsed = schema.safeParse(input);
  if (parsed.success) return [];
  return toFieldErrors(parsed.error.issues, schema, input).map(
    ({ path, code, detail, hint }) => `${path} | ${code} | ${detail} | ${hint}`,
  );
}

describe('what is wrong with a field', () => {
  test.for<[unknown, string]>([
    [undefined, ' | required | A body is needed. | Send an object.'],
    [[], ' | wrong_type | The body must be an object; this is an array. | Send an object.'],
    [{}, 'name | required | name is needed. | Send a string.'],
    [{ name: 1 }, 'name | wrong_type | name must be a string; this is a number. | Send a string.'],
    [{ name: 'long' }, 'name | too_long | name must have at most 3 characters. | Shorten it.'],
    [
      { name: 'a', count: 0 },
      'count | out_of_range | count must be at least 1. | Send a number of at least 1.',
    ],
    [
      { name: 'a', count: 1.5 },
      'count | wrong_type | count must be a whole number; this is a number. | Send a whole number.',
    ],
    [
      { name: 'a', kind: 'frst' },
      'kind | invalid_value | kind does not take this value. | Did you mean first? Use one of: first, second.',
    ],
    [{ name: 'a', nme: 'b' }, 'nme | unknown_field | There is no field "nme" here. | Did you mean name?'],
    [
      { name: 'a', reply_settings: 'b' },
      'reply_settings | unknown_field | There is no field "reply_settings" here. | Did you mean options.replySettings?',
    ],
    [
      { name: 'a', zebra: 'b' },
      'zebra | unknown_field | There is no field "zebra" here. | The fields are: name, kind, count, items, options.',
    ],
    [
      { name: 'a', items: [{ key: 'k' }, { key: 'k', sise: 1 }] },
      'items[1].sise | unknown_field | There is no field "sise" here. | Did you mean size?',
    ],
  ])('is told of %j', ([input, expected], { expect }) => {
    expect(errorsOf(input)).toEqual([expected]);
  });

  test('is told of every field at once', ({ expect }) => {
    expect(errorsOf({ name: 1, items: [{ key: 1 }, {}], x: 1 }).map((line) => line.split(' | ')[0])).toEqual([
      'name',
      'items[0].key',
      'items[1].key',
      'x',
    ]);
  });
});

test('a path reads as in JavaScript', ({ expect }) => {
  expect(formatPath([])).toBe('');
  expect(formatPath(['media', 0, 'key'])).toBe('media[0].key');
});
