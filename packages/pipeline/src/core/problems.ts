/** What went wrong at an effect, as plain data; `failures.ts` judges it. */
export type Problem = XProblem | SourceProblem | InternalProblem;

export interface XProblem {
  from: 'x';
  /** Did the request get to X? `not_sent` is claimed only when no byte of it can have left. */
  reach: 'not_sent' | 'unknown' | 'answered';
  status: number | null;
  /** X's own words, in order. */
  messages: string[];
  /** Last path segment of the problem type, such as `credits`. */
  slug: string | null;
  legacyCodes: number[];
  /** The rate windows that the answer carried: the 15-minute one, and those of a day that are spent. */
  limits: { remaining: number | null; resetAt: number | null }[];
  /** For a fault below HTTP: what the connection said. */
  cause: string | null;
}

export const SOURCE_PROBLEM_CODES = [
  'no_bucket',
  'not_found',
  'denied',
  'empty',
  'changed',
  'wrong_range',
  'wrong_bytes',
  'unavailable',
  'type_unsupported',
] as const;
export type SourceProblemCode = (typeof SOURCE_PROBLEM_CODES)[number];

export interface SourceProblem {
  from: 's3';
  code: SourceProblemCode;
  message: string;
}

/** A rule that the object breaks, found before anything was sent; an account that is gone; or a defect of ours. */
export interface InternalProblem {
  from: 'slipway';
  code:
    | 'media_too_large'
    | 'media_rule'
    | 'media_type_unsupported'
    | 'media_mix'
    | 'account_missing'
    | 'timeline_too_long'
    | 'internal';
  message: string;
  hint: string;
}

export function wordsOf(problem: Problem): string {
  if (problem.from !== 'x') return problem.message;
  if (problem.messages.length > 0) return problem.messages.join(' ');
  if (problem.status !== null) return `X answered ${problem.status} without a word`;
  return `The connection to X failed${problem.cause === null ? '' : `: ${problem.cause}`}`;
}
