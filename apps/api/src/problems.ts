import { FAILURE_CODES } from '@slipway/pipeline/core';
import { z } from 'zod';

/** Every answer that is not a success has one of these codes; the list is closed. */
export const PROBLEM_CODES = [
  'malformed_request',
  'invalid_json',
  'invalid_utf8',
  'invalid_request',
  'unauthorized',
  'not_found',
  'post_not_found',
  'account_not_found',
  'method_not_allowed',
  'request_timeout',
  'too_late',
  'too_early',
  'not_retryable',
  'not_in_doubt',
  'connect_not_configured',
  'connect_attempt_unknown',
  'connect_denied',
  'body_too_large',
  'unsupported_media_type',
  'post_refused',
  'account_refused',
  'scopes_missing',
  'connect_code_refused',
  'header_too_large',
  'internal',
  'x_app_refused',
  'x_unavailable',
  'store_unavailable',
  'not_ready',
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

/** Codes of a single field of a request, beside the failure codes of the pipeline. */
export const FIELD_CODES = [
  'required',
  'unknown_field',
  'wrong_type',
  'invalid_value',
  'too_long',
  'too_short',
  'too_many',
  'out_of_range',
  'invalid_format',
  'invalid_unicode',
  'missing_offset',
  'empty_post',
  'text_too_long',
  'tags_without_media',
  'unknown_account',
  'in_the_past',
  'unknown_time_zone',
  'refused_by_x',
  'no_such_time',
  'ambiguous_time',
  'no_calendar',
  'no_free_slot',
  'close_to_another',
  ...FAILURE_CODES,
] as const;

const PROBLEMS: Record<ProblemCode, { status: number; title: string }> = {
  malformed_request: { status: 400, title: 'The request is not valid HTTP' },
  invalid_json: { status: 400, title: 'The body is not valid JSON' },
  invalid_utf8: { status: 400, title: 'The body is not valid UTF-8' },
  invalid_request: { status: 400, title: 'The request does not have the right shape' },
  unauthorized: { status: 401, title: 'An API key is needed' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  post_not_found: { status: 404, title: 'There is no such post' },
  account_not_found: { status: 404, title: 'There is no such account' },
  method_not_allowed: { status: 405, title: 'This address does not take this method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  too_late: { status: 409, title: 'It is too late for that' },
  too_early: { status: 409, title: 'It is too early for that' },
  not_retryable: { status: 409, title: 'This post cannot be retried' },
  not_in_doubt: { status: 409, title: 'Nothing about this post is in doubt' },
  connect_not_configured: { status: 409, title: 'This server has no X app to connect accounts with' },
  connect_attempt_unknown: { status: 409, title: 'This attempt to connect is not open' },
  connect_denied: { status: 409, title: 'The account was not authorized' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  post_refused: { status: 422, title: 'The post cannot be taken as it is' },
  account_refused: { status: 422, title: 'X does not take these credentials' },
  scopes_missing: { status: 422, title: 'The token may not do all that posting takes' },
  connect_code_refused: { status: 422, title: 'X did not take the code' },
  header_too_large: { status: 431, title: 'The header is too large' },
  internal: { status: 500, title: 'Something went wrong inside Slipway' },
  x_app_refused: { status: 502, title: 'X does not let the app in' },
  x_unavailable: { status: 503, title: 'X does not answer well' },
  store_unavailable: { status: 503, title: 'The store cannot be reached' },
  not_ready: { status: 503, title: 'Slipway is not ready' },
};

/** One field at fault, or worth a remark. */
export const fieldErrorSchema = z
  .strictObject({
    path: z
      .string()
      .describe('The field, as a path into the request: `media[0].key`. Empty for the body as a whole.'),
    code: z.enum(FIELD_CODES).describe('What is wrong with it; the list is closed.'),
    detail: z.string().describe('What is wrong, in a sentence.'),
    hint: z.string().describe('What to do about it.'),
  })
  .meta({
    id: 'FieldError',
    description: 'One field at fault.',
    examples: [
      {
        path: 'media[0].key',
        code: 'source_not_found',
        detail: 'There is no object "launch.mp4" in the bucket "media".',
        hint: 'Check the key and the version, and put the object there before its time.',
      },
    ],
  });
export type FieldError = z.infer<typeof fieldErrorSchema>;

/** The body of every answer that is not a success. Source: RFC 9457. */
export const problemSchema = z
  .strictObject({
    type: z.string().describe('`urn:slipway:problem:` and the code.'),
    title: z.string().describe('The kind of problem; the same for every occurrence of the code.'),
    status: z.int().min(400).max(599).describe('The HTTP status.'),
    code: z.enum(PROBLEM_CODES).describe('What programs should branch on; the list is closed.'),
    detail: z.string().describe('What went wrong this time.'),
    hint: z.string().describe('What to do about it.'),
    errors: z
      .array(fieldErrorSchema)
      .optional()
      .describe('The fields at fault, all of them, where fields are.'),
    requestId: z
      .string()
      .describe('Also in the `x-request-id` header and in the log; name it when asking for help.'),
  })
  .meta({ id: 'Problem', description: 'What went wrong and what to do about it (RFC 9457).' });
export type ProblemBody = z.infer<typeof problemSchema>;

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

interface ProblemOptions {
  detail: string;
  hint: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
  cause?: unknown;
}

/** Thrown anywhere in a request; the error handler makes the answer of it. */
export class Problem extends Error {
  override name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  readonly hint: string;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, { detail, hint, errors, headers = {}, cause }: ProblemOptions) {
    super(detail, { cause });
    this.code = code;
    this.status = PROBLEMS[code].status;
    this.hint = hint;
    this.errors = errors;
    this.headers = headers;
  }
}

/** The JSON of a problem. */
export function toProblemBody(problem: Problem, requestId: string): ProblemBody {
  return {
    type: `urn:slipway:problem:${problem.code}`,
    title: PROBLEMS[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: problem.message,
    hint: problem.hint,
    ...(problem.errors && { errors: problem.errors }),
    requestId,
  };
}

/** Headers that come with a status. */
const HEADERS: Record<number, Record<string, { type: 'string'; description: string }>> = {
  401: { 'www-authenticate': { type: 'string', description: 'How to authenticate.' } },
  503: { 'retry-after': { type: 'string', description: 'Seconds to wait before the next try.' } },
};

interface ProblemResponse {
  description: string;
  headers: Record<string, { type: 'string'; description: string }>;
  content: Record<typeof PROBLEM_CONTENT_TYPE, { schema: typeof problemSchema }>;
}

/** The problems that a route can answer with, for its response schema. */
export function problemResponses(...codes: ProblemCode[]): Record<number, ProblemResponse> {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    Array.from(byStatus, ([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join('\n\n'),
        headers: HEADERS[status] ?? {},
        content: { [PROBLEM_CONTENT_TYPE]: { schema: problemSchema } },
      },
    ]),
  );
}
