import {
  type RateLimits,
  type XErrorCode,
  XError,
  type XErrorDetails,
  X_ERROR_CODES,
} from '@slipway/x-media';
import { describe, test } from 'vitest';
import { type FailureStep, judge } from '../src/core/index.ts';
import { SourceError } from '../src/index.ts';
import { problemOf } from '../src/perform/problem-of.ts';
import { AT_X, situationAt } from './failure-cases.ts';
import { HOUR, MINUTE, T0 } from './fixtures.ts';

function xError(code: XErrorCode, patch: Partial<XErrorDetails> = {}, cause?: unknown): XError {
  const details: XErrorDetails = {
    code,
    endpoint: 'POST /2/tweets',
    reach: 'answered',
    retry: { advice: 'never' },
    messages: [],
    legacyCodes: [],
    parameters: {},
    rateLimits: {},
    fromX: true,
    ...patch,
  };
  return new XError(details, { cause });
}

const AT = { now: T0, answer: null };

/** One error of each code, as the client makes it, and the rows that judge it in an upload and at the creation. */
const ERRORS: Record<XErrorCode, [error: XError, rows: Partial<Record<FailureStep, string>>]> = {
  invalid_input: [
    xError('invalid_input', { reach: 'not_sent', fromX: false, field: 'media.mediaIds' }),
    { append: 'internal', publish: 'internal' },
  ],
  not_sent: [
    xError('not_sent', { reach: 'not_sent', fromX: false }, new Error('connect ECONNREFUSED')),
    { append: 'F1', publish: 'refused connection' },
  ],
  connection: [
    xError('connection', { reach: 'unknown', fromX: false }, new Error('read ECONNRESET')),
    { append: 'F1', publish: 'F20' },
  ],
  timeout: [
    xError('timeout', { reach: 'unknown', fromX: false }, new Error('No answer within 30000 ms')),
    { append: 'F1', publish: 'F20' },
  ],
  aborted: [
    xError('aborted', { reach: 'unknown', fromX: false }, new Error('stop')),
    { append: 'F1', publish: 'F20' },
  ],
  source_error: [
    xError('source_error', { reach: 'unknown', fromX: false }, new SourceError('changed', 'changed')),
    { append: 'changed', upload_once: 'changed' },
  ],
  bad_request: [
    xError('bad_request', { status: 400, messages: ['No.'] }),
    { append: 'anything else', publish: 'anything else' },
  ],
  invalid_grant: [
    xError('invalid_grant', { status: 400, messages: ['Value passed for the token was invalid.'] }),
    { publish: 'anything else' },
  ],
  unauthorized: [
    xError('unauthorized', { status: 401, messages: ['Unauthorized'] }),
    { append: 'F29', publish: 'F29' },
  ],
  credits_depleted: [
    xError('credits_depleted', { status: 402, problemSlug: 'credits', title: 'CreditsDepleted' }),
    { append: 'F25', publish: 'F25' },
  ],
  forbidden: [
    xError('forbidden', { status: 403, messages: ['Forbidden'] }),
    { append: 'F10', publish: 'anything else' },
  ],
  not_found: [
    xError('not_found', { status: 404, messages: ['Not Found'] }),
    { append: 'F2', publish: 'anything else' },
  ],
  payload_too_large: [
    xError('payload_too_large', { status: 413, fromX: false }),
    { append: 'F4', publish: 'F20' },
  ],
  headers_too_large: [
    xError('headers_too_large', { status: 431, fromX: false }),
    { append: 'F4', publish: 'F20' },
  ],
  rate_limited: [
    xError('rate_limited', { status: 429, messages: ['Too Many Requests'] }),
    { append: 'F27', publish: 'F27' },
  ],
  usage_capped: [
    xError('usage_capped', { status: 429, problemSlug: 'usage-capped', messages: ['Usage cap exceeded'] }),
    { append: 'F26', publish: 'F26' },
  ],
  server_error: [
    xError('server_error', { status: 503, messages: ['Service Unavailable'] }),
    { append: 'F1', publish: 'F20' },
  ],
  unexpected_status: [
    xError('unexpected_status', { status: 302, fromX: false }),
    { append: 'anything else', publish: 'F20' },
  ],
  invalid_response: [xError('invalid_response', { status: 201 }), { append: 'F1', publish: 'F20' }],
};

describe('an error of the X client', () => {
  test.for(X_ERROR_CODES)('%s is a problem that the table knows', (code, { expect }) => {
    const [error, rows] = ERRORS[code];
    const problem = problemOf(error, AT);
    if (!problem) throw new Error('it became no problem');
    for (const step of AT_X) {
      const expected = rows[step];
      if (expected) expect([step, judge(problem, situationAt(step)).row]).toEqual([step, expected]);
    }
    expect(JSON.parse(JSON.stringify(problem))).toEqual(problem);
  });

  test('keeps X’s words, codes and kind of problem', ({ expect }) => {
    const error = xError('forbidden', {
      status: 403,
      messages: ['Status is a duplicate.', 'Forbidden'],
      legacyCodes: [187],
      problemSlug: 'disallowed-resource',
    });
    expect(problemOf(error, AT)).toMatchObject({
      from: 'x',
      reach: 'answered',
      status: 403,
      messages: ['Status is a duplicate.', 'Forbidden'],
      legacyCodes: [187],
      slug: 'disallowed-resource',
    });
  });

  test('takes the title where X said nothing else', ({ expect }) => {
    const error = xError('credits_depleted', { status: 402, title: 'CreditsDepleted' });
    expect(problemOf(error, AT)).toMatchObject({ messages: ['CreditsDepleted'] });
  });

  test('believes no words that are not X’s: they decide whether a post was made', ({ expect }) => {
    const error = xError('forbidden', { status: 403, fromX: false, messages: ['Blocked'], title: 'Blocked' });
    const problem = problemOf(error, AT);
    expect(problem).toMatchObject({ status: 403, messages: [] });
    expect(problem && judge(problem, situationAt('publish')).row).toBe('F20');
  });

  test('says what the connection said', ({ expect }) => {
    const nameless = new AggregateError([], '');
    expect(problemOf(xError('connection', {}, new Error('read ECONNRESET')), AT)).toMatchObject({
      cause: 'read ECONNRESET',
    });
    expect(problemOf(xError('not_sent', {}, nameless), AT)).toMatchObject({ cause: 'AggregateError' });
    expect(problemOf(xError('timeout'), AT)).toMatchObject({ cause: 'POST /2/tweets: timeout' });
  });
});

describe('rate windows', () => {
  const limitsOf = (rateLimits: RateLimits) => {
    const problem = problemOf(xError('rate_limited', { status: 429, messages: ['no'], rateLimits }), AT);
    return problem?.from === 'x' ? problem.limits : null;
  };
  const soon = T0 + 5 * MINUTE;
  const inAnHour = T0 + HOUR;

  test('of 15 minutes count always, those of a day when they are spent', ({ expect }) => {
    expect(
      limitsOf({
        window: { limit: 100, remaining: 90, resetAt: soon },
        app24h: { limit: 1000, remaining: 0, resetAt: inAnHour },
        user24h: { limit: 17, remaining: 3, resetAt: inAnHour },
      }),
    ).toEqual([
      { remaining: 90, resetAt: soon },
      { remaining: 0, resetAt: inAnHour },
    ]);
  });

  test('of a day that is not spent make nobody wait for its end', ({ expect }) => {
    expect(limitsOf({ user24h: { limit: 17, remaining: 3, resetAt: T0 + 20 * HOUR } })).toEqual([]);
  });

  test('are told by our clock, however far it is off, and never end later than they are long', ({
    expect,
  }) => {
    const resetAt = T0 + 4 * MINUTE;
    const error = xError('rate_limited', { status: 429, rateLimits: { window: { remaining: 0, resetAt } } });
    const limitsBy = (now: number, date?: number) => {
      const problem = problemOf(error, { now, answer: date === undefined ? {} : { date } });
      return problem?.from === 'x' ? problem.limits : null;
    };
    for (const skewMs of [-5 * MINUTE, 0, 5 * MINUTE]) {
      const now = T0 + skewMs;
      expect(limitsBy(now, T0)).toEqual([{ remaining: 0, resetAt: now + 4 * MINUTE }]);
    }
    expect(limitsBy(T0 - HOUR)).toEqual([{ remaining: 0, resetAt: T0 - HOUR + 15 * MINUTE }]);
    expect(limitsBy(T0, T0 + 5 * MINUTE)).toEqual([{ remaining: 0, resetAt: null }]);
  });

  test('may be half told', ({ expect }) => {
    expect(limitsOf({ window: {} })).toEqual([{ remaining: null, resetAt: null }]);
  });
});

describe('other errors', () => {
  test('a store’s error is a store’s problem, also when X’s client reports it', ({ expect }) => {
    const error = new SourceError('wrong_range', 'too short');
    const problem = { from: 's3', code: 'wrong_range', message: 'too short' };
    expect(problemOf(error, AT)).toEqual(problem);
    expect(problemOf(xError('source_error', { reach: 'unknown' }, error), AT)).toEqual(problem);
  });

  test('a defect is no problem of a post', ({ expect }) => {
    expect(problemOf(new TypeError('x is not a function'), AT)).toBeNull();
    expect(problemOf('thrown text', AT)).toBeNull();
  });
});
