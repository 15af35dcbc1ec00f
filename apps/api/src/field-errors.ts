import { closestName } from '@slipway/config';
import { z } from 'zod';
import { FIELD_CODES, type FieldError } from './problems.ts';

type Issue = z.core.$ZodIssue;

const fieldIssueSchema = z.object({ code: z.enum(FIELD_CODES), hint: z.string() });
/** What a custom check of a schema adds to its issue. */
export type FieldIssue = z.infer<typeof fieldIssueSchema>;

/** Zod's issues as field errors: a path, a closed code, what is wrong, and the remedy. */
export function toFieldErrors(issues: readonly Issue[], schema: z.ZodType, input: unknown): FieldError[] {
  return issues.flatMap((issue) => describeIssue(issue, schema, input));
}

/** `['media', 0, 'key']` as `media[0].key`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}${text && '.'}${String(part)}`),
    '',
  );
}

function describeIssue(issue: Issue, schema: z.ZodType, input: unknown): FieldError[] {
  const path = formatPath(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(key, issue.path, schema));
    case 'invalid_type':
      return [wrongType(issue, path, input)];
    case 'invalid_value':
      return [wrongValue(issue, path, input)];
    case 'too_big':
      return [outOfBounds(issue.origin, path, { most: issue.maximum })];
    case 'too_small':
      return [outOfBounds(issue.origin, path, { least: issue.minimum })];
    case 'custom': {
      const { code, hint } = fieldIssueSchema.parse(issue.params);
      return [{ path, code, detail: issue.message, hint }];
    }
    case 'invalid_union':
      // Where what tells the kinds apart is at fault, none is nearer than the others.
      return issue.errors.length > 0 ? describeUnion(issue, schema, input) : [badForm(issue, path)];
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
      return [badForm(issue, path)];
  }
}

/** Of what a value may be, the one that it was meant to be: the first whose kind it is. */
function describeUnion(
  { errors, path }: Extract<Issue, { code: 'invalid_union' }>,
  schema: z.ZodType,
  input: unknown,
): FieldError[] {
  const isOfItsKind = (issues: readonly Issue[]): boolean =>
    issues.every(
      ({ code, path }) => path.length > 0 || (code !== 'invalid_type' && code !== 'invalid_value'),
    );
  const meant = errors.find(isOfItsKind) ?? errors[0] ?? [];
  return meant.flatMap((issue) => describeIssue({ ...issue, path: [...path, ...issue.path] }, schema, input));
}

function unknownField(key: string, parent: readonly PropertyKey[], schema: z.ZodType): FieldError {
  const names = fieldNames(schemaAt(schema, parent));
  const near = closestName(key, names);
  return {
    path: formatPath([...parent, key]),
    code: 'unknown_field',
    detail: `There is no field ${JSON.stringify(key)} here.`,
    hint: near
      ? `Did you mean ${near}?`
      : `The fields are: ${names.filter((name) => !name.includes('.')).join(', ')}.`,
  };
}

function badForm({ message }: Issue, path: string): FieldError {
  return {
    path,
    code: 'invalid_format',
    detail: message,
    hint: 'See the reference for the form of this field.',
  };
}

function wrongType(
  issue: Extract<Issue, { code: 'invalid_type' }>,
  path: string,
  input: unknown,
): FieldError {
  const value = valueAt(input, issue.path);
  if (value === undefined || (path === '' && value === null)) {
    const what = path === '' ? 'A body' : path;
    return { path, code: 'required', detail: `${what} is needed.`, hint: `Send ${article(issue.expected)}.` };
  }
  return {
    path,
    code: 'wrong_type',
    detail: `${path || 'The body'} must be ${article(issue.expected)}; this is ${article(typeName(value))}.`,
    hint: `Send ${article(issue.expected)}${value === null ? ', or leave the field out' : ''}.`,
  };
}

function wrongValue(
  issue: Extract<Issue, { code: 'invalid_value' }>,
  path: string,
  input: unknown,
): FieldError {
  const value = valueAt(input, issue.path);
  const allowed = issue.values.map(String);
  if (value === undefined) {
    return {
      path,
      code: 'required',
      detail: `${path} is needed.`,
      hint: `Use one of: ${allowed.join(', ')}.`,
    };
  }
  const near = typeof value === 'string' ? closestName(value, allowed) : null;
  return {
    path,
    code: 'invalid_value',
    detail: `${path} does not take this value.`,
    hint: `${near ? `Did you mean ${near}? ` : ''}Use one of: ${allowed.join(', ')}.`,
  };
}

type Bound = number | bigint | undefined;

function outOfBounds(
  origin: string,
  path: string,
  { most, least }: { most?: Bound; least?: Bound },
): FieldError {
  const isOver = most !== undefined;
  const bound = isOver ? `at most ${most}` : `at least ${least}`;
  if (origin === 'string') {
    return {
      path,
      code: isOver ? 'too_long' : 'too_short',
      detail: `${path} must have ${bound} characters.`,
      hint: isOver ? 'Shorten it.' : 'Fill it in, or leave the field out.',
    };
  }
  if (origin === 'array') {
    return {
      path,
      code: isOver ? 'too_many' : 'too_short',
      detail: `${path} must have ${bound} entries.`,
      hint: isOver ? 'Send fewer; split them over several posts if all are needed.' : 'Send more of them.',
    };
  }
  return {
    path,
    code: 'out_of_range',
    detail: `${path} must be ${bound}.`,
    hint: `Send a number of ${bound}.`,
  };
}

/** Unwraps what has no fields of its own. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper =
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodNullable ||
    schema instanceof z.core.$ZodDefault;
  return isWrapper ? unwrap(schema._zod.def.innerType) : schema;
}

function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType {
  return path.reduce<z.core.$ZodType>((at, part) => {
    const outer = unwrap(at);
    if (outer instanceof z.core.$ZodArray) return outer._zod.def.element;
    if (outer instanceof z.core.$ZodObject) return outer._zod.def.shape[String(part)] ?? outer;
    return outer;
  }, schema);
}

/** The names of an object's fields, and behind them those one level down, as `options.madeWithAi`. */
function fieldNames(schema: z.core.$ZodType): string[] {
  const outer = unwrap(schema);
  if (outer instanceof z.core.$ZodUnion) return outer._zod.def.options.flatMap(fieldNames);
  if (!(outer instanceof z.core.$ZodObject)) return [];
  const shape = Object.entries(outer._zod.def.shape);
  const deeper = shape.flatMap(([name, field]) => {
    const inner = unwrap(field);
    return inner instanceof z.core.$ZodObject
      ? Object.keys(inner._zod.def.shape).map((each) => `${name}.${each}`)
      : [];
  });
  return [...shape.map(([name]) => name), ...deeper];
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined),
    input,
  );
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function article(type: string): string {
  if (type === 'null') return 'null';
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type === 'int' ? 'whole number' : type}`.replace(
    'an whole',
    'a whole',
  );
}
