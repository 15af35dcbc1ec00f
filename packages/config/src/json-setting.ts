import { z } from 'zod';

/** A setting that is JSON; what is wrong with it is told with its path. Not set counts as an empty object. */
export function jsonSetting<Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>> {
  return z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('is not valid JSON');
        return z.NEVER;
      }
    })
    .prefault('{}')
    .transform((value, context): z.output<Schema> => {
      const parsed = schema.safeParse(value);
      if (parsed.success) return parsed.data;
      for (const { path, message } of parsed.error.issues)
        context.addIssue(path.length === 0 ? message : `${path.join('.')}: ${message}`);
      return z.NEVER;
    });
}
