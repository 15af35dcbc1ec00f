import { z } from 'zod';
import type { XErrorCode } from './errors.ts';
import { readErrorValue } from './error-body.ts';
import type { XProblem, XResult } from './result.ts';
import type { Answer } from './transport.ts';

const envelope = z.object({
  data: z.unknown().optional(),
  meta: z.unknown().optional(),
  errors: z.unknown().optional(),
});
type Envelope = z.infer<typeof envelope>;

/** The result whose data an answer must carry. A 200 with nothing but `errors` is a refusal: X does that. */
export function requireData<T, U>(answer: Answer, schema: z.ZodType<T>, read: (data: T) => U): XResult<U> {
  const data = schema.safeParse(openEnvelope(answer).data);
  if (!data.success) throw rejectWithout(answer);
  return wrap(answer, read(data.data));
}

/**
 * The result of a call for which any 2xx of X is success, also an empty one, unless it holds only errors. A page is not X's: something
 * in front of it has answered, and X may not know of the request.
 */
export function acknowledge<T, U>(
  answer: Answer,
  schema: z.ZodType<T>,
  read: (data: T | undefined) => U,
): XResult<U> {
  if (!answer.isEmpty && answer.body === undefined) throw answer.reject('invalid_response');
  const { data, errors } = openEnvelope(answer);
  if (isAbsent(data) && !isAbsent(errors)) throw rejectWithout(answer);
  return wrap(answer, read(schema.safeParse(data).data));
}

/** The result of a lookup of several: what was not found comes as errors beside the data, or alone. */
export function requireList<T>(answer: Answer, schema: z.ZodType<T[]>): XResult<T[]> {
  const { data, errors } = openEnvelope(answer);
  if (isAbsent(data) && isAbsent(errors)) throw answer.reject('invalid_response');
  return wrap(answer, schema.parse(data ?? []));
}

export function openEnvelope(answer: Answer): Partial<Envelope> {
  return envelope.safeParse(answer.body).data ?? {};
}

export function wrap<T>(answer: Answer, data: T): XResult<T> {
  return { data, partialErrors: problemsOf(answer), response: answer.info };
}

export function rejectWithout(answer: Answer) {
  return answer.reject(codeOfProblems(problemsOf(answer)));
}

function problemsOf(answer: Answer): XProblem[] {
  return readErrorValue(answer.body).problems;
}

function codeOfProblems(problems: XProblem[]): XErrorCode {
  switch (problems[0]?.slug ?? 'none') {
    case 'resource-not-found':
    case 'resource-unavailable':
      return 'not_found';
    case 'not-authorized-for-resource':
    case 'not-authorized-for-field':
    case 'field-unauthorized':
    case 'disallowed-resource':
      return 'forbidden';
    case 'invalid-request':
      return 'bad_request';
    case 'internal-error':
      return 'server_error';
    default:
      return 'invalid_response';
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
