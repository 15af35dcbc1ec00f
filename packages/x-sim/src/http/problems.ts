import type { z } from 'zod';
import type { SimConfig } from '../config.ts';
import { Refusal } from './reply.ts';
import type { Reply } from './reply.ts';

type Vocabulary = SimConfig['vocabulary'];

const REASONS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The URI of a problem type; its host changed with the vocabulary. */
export function problemType(vocabulary: Vocabulary, slug: string): string {
  return `https://api.${vocabulary === 'old' ? 'twitter' : 'x'}.com/2/problems/${slug}`;
}

/** X's generic problem: `type` is about:blank and the title equals the HTTP reason. */
export function blankProblem(status: number, detail?: string): Reply {
  const title = REASONS[status] ?? 'Error';
  return {
    status,
    contentType: 'application/problem+json',
    body: { title, detail: detail ?? title, type: 'about:blank', status },
  };
}

/** A problem with a type of its own and whatever fields belong to it. */
export function typedProblem(
  vocabulary: Vocabulary,
  status: number,
  slug: string,
  fields: { title: string; detail: string } & Record<string, unknown>,
): Reply {
  return {
    status,
    contentType: 'application/problem+json',
    body: { ...fields, type: problemType(vocabulary, slug), status },
  };
}

export interface InvalidParameter {
  message: string;
  parameters?: Record<string, string[]>;
}

/** 400 with one entry for each thing that is wrong with the request. */
export function invalidRequest(vocabulary: Vocabulary, errors: InvalidParameter[]): Reply {
  return {
    status: 400,
    contentType: 'application/problem+json',
    body: {
      errors,
      title: 'Invalid Request',
      detail: 'One or more parameters to your request was invalid.',
      type: problemType(vocabulary, 'invalid-request'),
    },
  };
}

/** The partial error of a lookup that found nothing under `value`. */
export function notFoundError(
  vocabulary: Vocabulary,
  resource: { type: string; parameter: string; value: string },
) {
  return {
    value: resource.value,
    detail: `Could not find ${resource.type} with ${resource.parameter}: [${resource.value}].`,
    title: 'Not Found Error',
    resource_type: resource.type,
    parameter: resource.parameter,
    resource_id: resource.value,
    type: problemType(vocabulary, 'resource-not-found'),
  };
}

export function refuseInvalid(
  vocabulary: Vocabulary,
  message: string,
  parameters?: Record<string, string[]>,
): never {
  throw new Refusal(
    invalidRequest(vocabulary, [parameters === undefined ? { message } : { message, parameters }]),
  );
}

export function refuseBlank(status: number, detail?: string): never {
  throw new Refusal(blankProblem(status, detail));
}

/** Checks a JSON body against a closed schema; a mismatch is refused in the words of X's body validator. */
export function parseBody<T>(vocabulary: Vocabulary, schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Refusal(
    invalidRequest(
      vocabulary,
      parsed.error.issues.flatMap((issue) => describe(issue)),
    ),
  );
}

function describe(issue: z.core.$ZodIssue): InvalidParameter[] {
  const path = issue.path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('');
  const at = `$${path}`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        message: `${at}.${key}: is not defined in the schema and the schema does not allow additional properties`,
      }));
    case 'too_big':
      return [
        {
          message:
            issue.origin === 'array'
              ? `${at}: there must be a maximum of ${issue.maximum} items in the array`
              : `${at}: must have a maximum of ${issue.maximum}`,
        },
      ];
    case 'too_small':
      return [
        {
          message:
            issue.origin === 'array'
              ? `${at}: there must be a minimum of ${issue.minimum} items in the array`
              : `${at}: must have a minimum of ${issue.minimum}`,
        },
      ];
    case 'invalid_value':
      return [
        {
          message: `${at}: does not have a value in the enumeration [${issue.values.map(String).join(', ')}]`,
        },
      ];
    case 'invalid_type':
      return [
        {
          message: issue.message.endsWith('received undefined')
            ? `${at}: is missing but it is required`
            : `${at}: ${issue.expected} expected`,
        },
      ];
    case 'invalid_format':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
    case 'custom':
      return [{ message: `${at}: ${issue.message}` }];
  }
}
