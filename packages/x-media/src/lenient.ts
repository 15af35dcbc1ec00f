import { z } from 'zod';

/**
 * Decoding at X's edge. Its published schemas are closed yet omit fields that come, mark fields nullable and
 * rename them between versions, so: unknown keys pass, null means absent, counts may be numeric strings, and an
 * optional field of the wrong type is dropped rather than failing the answer.
 */
export const text = z
  .string()
  .optional()
  .catch(() => undefined);

export const flag = z
  .boolean()
  .optional()
  .catch(() => undefined);

/** A count, also as a numeric string. */
export const count = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+$/)
      .transform(Number),
  ])
  .optional()
  .catch(() => undefined);

/** Ids are strings of digits; one that comes as a number is taken only where no digit can be lost. */
export const id = z.union([z.string().regex(/^\d{1,19}$/), z.int().nonnegative().transform(String)]);

/** An optional object. */
export function part<S extends z.ZodRawShape>(shape: S) {
  return z
    .object(shape)
    .optional()
    .catch(() => undefined);
}

/** A list whose unreadable entries are dropped; absent or not a list: empty. */
export function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(z.unknown())
    .catch(() => [])
    .transform((items) =>
      items.flatMap((entry) => {
        const parsed = item.safeParse(entry);
        return parsed.success ? [parsed.data] : [];
      }),
    );
}

type Compact<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Leaves out undefined fields, so that an absent field is absent in JSON, in `in` and in the type. */
export function compact<T extends object>(value: T): Compact<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- entries lose the keys' types
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Compact<T>;
}

/**
 * JSON or undefined. Integers too long for a double keep their digits as strings: an id must never be rounded,
 * not even one sent as a number.
 */
export function parseJson(source: string): unknown {
  try {
    return JSON.parse(source, keepDigits);
  } catch {
    return undefined;
  }
}

function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context?.source ?? '')
    ? context?.source
    : value;
}
