import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { toFieldErrors } from './field-errors.ts';
import { Problem } from './problems.ts';

const PARTS: Record<string, string> = {
  body: 'body',
  querystring: 'query',
  params: 'address',
  headers: 'headers',
};

/** Checks the parts of a request against their schemas; what is wrong becomes an `invalid_request` with every field at fault. */
export const validateRequest: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (input) => {
    const parsed = schema.safeParse(input ?? undefined);
    if (parsed.success) return { value: parsed.data };
    const errors = toFieldErrors(parsed.error.issues, schema, input);
    const [first] = errors;
    const alone = errors.length === 1 ? first : undefined;
    const error = new Problem('invalid_request', {
      detail:
        alone?.detail ??
        `${errors.length} things are wrong with the ${PARTS[httpPart ?? 'body'] ?? 'request'}.`,
      hint: alone?.hint ?? 'Each of them is in errors, with its remedy.',
      errors,
    });
    return { error };
  };
