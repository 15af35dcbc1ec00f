import { describe, test } from 'vitest';
import {
  FAILURE_ROWS,
  type InternalProblem,
  SOURCE_PROBLEM_CODES,
  type SourceProblemCode,
  type XProblem,
  judge,
} from '../src/core/index.ts';
import { type Expected, FAILURE_CASES, UPLOADING, situationAt } from './failure-cases.ts';
import { T0, answer, policy, refused, reset, xProblem } from './fixtures.ts';

const cases = FAILURE_CASES.flatMap(({ steps, ...rest }) => steps.map((step) => ({ ...rest, step })));

describe('the table of X’s failures', () => {
  test.for(cases)('$row at $step: $what', ({ row, step, problem, situation, verdict }, { expect }) => {
    const judged = judge(problem, situationAt(step, situation));
    expect(judged.row).toBe(row);
    expect(judged.verdict).toMatchObject(verdict);
  });

  test('every row is the first match of a case, at every step that it names', ({ expect }) => {
    const met = new Set(
      cases.flatMap(({ problem, step, situation }) => {
        if (problem.from !== 'x') return [];
        const at = situationAt(step, situation);
        const index = FAILURE_ROWS.findIndex((row) => row.steps.includes(step) && row.when(problem, at));
        return `${index} ${step}`;
      }),
    );
    const unmet = FAILURE_ROWS.flatMap(({ row, steps }, index) =>
      steps.filter((step) => !met.has(`${index} ${step}`)).map((step) => `${row} at ${step}`),
    );
    // What describe takes it skips before the last row; at upload steps nothing is left over by the rows before.
    expect(unmet).toEqual(['anything else at describe']);
  });
});

describe('the first row that matches decides', () => {
  const orders: [string, Parameters<typeof judge>[0], Parameters<typeof situationAt>, string][] = [
    [
      'no credits before anything that the words may say',
      answer(402, 'You are not permitted to perform this action.'),
      ['publish'],
      'F25',
    ],
    [
      'the usage cap before the rate limit',
      xProblem({ status: 429, slug: 'usage-capped' }),
      ['append'],
      'F26',
    ],
    [
      'a locked account before a missing scope',
      answer(403, 'Your account is temporarily locked.'),
      ['append'],
      'F34',
    ],
    [
      'a suspended account before the fallback of amplify_video',
      xProblem({ status: 403, slug: 'user-suspended' }),
      ['initialize', { media: null }],
      'F34',
    ],
    [
      'a locked account before the duplicate',
      xProblem({ status: 403, legacyCodes: [326, 187], messages: ['locked'] }),
      ['publish'],
      'F34',
    ],
    ['doubt before no credits: not X’s own words', answer(402), ['publish'], 'F20'],
    ['doubt before the rate limit: not X’s own words', answer(429), ['publish'], 'F20'],
    [
      'a rate limit by its code, whatever the status',
      xProblem({ status: 400, legacyCodes: [88], messages: ['Rate limit exceeded'] }),
      ['publish'],
      'F27',
    ],
    [
      'segments that do not add up before a finalize in doubt',
      answer(400, 'Segments do not add up to provided total file size.'),
      ['finalize'],
      'F7',
    ],
  ];
  test.for(orders)('%s', ([, problem, at, row], { expect }) => {
    expect(judge(problem, situationAt(...at)).row).toBe(row);
  });
});

describe('at the creation a post was surely not made', () => {
  const DEFINITE = [400, 401, 402, 403, 404, 413, 422, 429];
  const OPEN = [200, 201, 204, 301, 302, 405, 408, 409, 418, 425, 431, 500, 501, 502, 503, 504, 520, 529];
  const certain = (problem: XProblem) => judge(problem, situationAt('publish')).row !== 'F20';

  test('when X itself says so, by one of eight statuses', ({ expect }) => {
    for (const status of DEFINITE) {
      expect([status, certain(answer(status, 'No.'))]).toEqual([status, true]);
      expect([status, certain(xProblem({ status, slug: 'invalid-request' }))]).toEqual([status, true]);
    }
  });

  test('never by a status alone: something in front of X may have answered', ({ expect }) => {
    for (const status of [...DEFINITE, ...OPEN]) {
      expect([status, certain(answer(status))]).toEqual([status, false]);
    }
  });

  test('never by another status, whatever X says', ({ expect }) => {
    for (const status of OPEN) expect([status, certain(answer(status, 'No.'))]).toEqual([status, false]);
  });

  test('when nothing was sent', ({ expect }) => {
    expect(certain(refused)).toBe(true);
  });

  test('not when something was sent and nothing came back', ({ expect }) => {
    expect(certain(reset)).toBe(false);
    // However much an answer that was cut off seems to say.
    expect(certain({ ...reset, status: 403, messages: ['No.'] })).toBe(false);
  });
});

describe('a store’s failures', () => {
  const expected: Record<SourceProblemCode, Expected> = {
    no_bucket: { do: 'fail', code: 'source_not_found' },
    not_found: { do: 'fail', code: 'source_not_found' },
    denied: { do: 'fail', code: 'source_denied' },
    empty: { do: 'fail', code: 'source_empty' },
    changed: { do: 'fail', code: 'source_changed' },
    wrong_range: { do: 'retry', kind: 'wrong_range', limitMs: 0, afterwards: 'fail', code: 'source_corrupt' },
    wrong_bytes: {
      do: 'restart',
      reason: 'wrong_bytes',
      learn: { segmentsInFlight: 1 },
      code: 'source_corrupt',
      limit: 1,
    },
    unavailable: {
      do: 'retry',
      kind: 'source',
      limitMs: policy.outageLimitMs,
      afterwards: 'fail',
      code: 'source_unavailable',
    },
    type_unsupported: { do: 'fail', code: 'media_type_unsupported' },
  };
  test.for(SOURCE_PROBLEM_CODES)('%s', (code, { expect }) => {
    for (const step of ['inspect', ...UPLOADING] as const) {
      const judged = judge({ from: 's3', code, message: 'm' }, situationAt(step));
      expect(judged).toMatchObject({ row: code, verdict: expected[code] });
    }
  });

  test('a change begins again where the caller asked for it', ({ expect }) => {
    const judged = judge(
      { from: 's3', code: 'changed', message: 'm' },
      situationAt('append', { ifChanged: 'restart' }),
    );
    expect(judged.verdict).toEqual({ do: 'reinspect' });
  });
});

describe('what Slipway itself finds', () => {
  const codes = ['media_too_large', 'media_rule', 'media_type_unsupported', 'media_mix', 'internal'] as const;
  test.for(codes)('%s fails the post with its own hint', (code, { expect }) => {
    const problem: InternalProblem = { from: 'slipway', code, message: 'm', hint: 'do this' };
    expect(judge(problem, situationAt('inspect')).verdict).toEqual({ do: 'fail', code, hint: 'do this' });
  });

  test('an account that is gone is waited for', ({ expect }) => {
    const problem: InternalProblem = { from: 'slipway', code: 'account_missing', message: 'm', hint: 'h' };
    expect(judge(problem, situationAt('publish')).verdict).toEqual({
      do: 'hold',
      reason: 'account',
      cause: 'disconnected',
      until: T0 + policy.parkMs,
    });
  });
});
