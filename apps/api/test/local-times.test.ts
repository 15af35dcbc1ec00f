import { describe, test } from 'vitest';
import { slotsOf } from '../src/calendar-slots.ts';
import { checkTimeZone, resolveLocalTime, toLocal } from '../src/local-times.ts';

const BERLIN = 'Europe/Berlin';
const iso = (at: number): string => new Date(at).toISOString();
const at = (local: string, timeZone: string, disambiguation?: 'earlier' | 'later') => {
  const resolved = resolveLocalTime({ local, timeZone, disambiguation });
  return 'at' in resolved ? iso(resolved.at) : resolved.issue;
};

describe('a local time', () => {
  test.for([
    ['2026-12-01T09:00', BERLIN, '2026-12-01T08:00:00.000Z'],
    ['2026-07-01T09:00:30', BERLIN, '2026-07-01T07:00:30.000Z'],
    ['2026-07-01T09:00', 'Asia/Kolkata', '2026-07-01T03:30:00.000Z'],
    ['2028-02-29T00:00', 'UTC', '2028-02-29T00:00:00.000Z'],
    ['2026-12-01T09:00', 'europe/berlin', '2026-12-01T08:00:00.000Z'],
  ] as const)('%s in %s is %s', ([local, timeZone, expected], { expect }) => {
    expect(at(local, timeZone)).toBe(expected);
    expect(toLocal(Date.parse(expected), timeZone)).toBe(local);
  });

  test('that does not exist is told the nearest that do', ({ expect }) => {
    expect(at('2026-03-29T02:30', BERLIN)).toEqual({
      field: 'local',
      code: 'no_such_time',
      message:
        '2026-03-29T02:30 does not exist in Europe/Berlin: clocks are set forward from 2026-03-29T02:00 to 2026-03-29T03:00.',
      hint: 'The nearest times are 2026-03-29T01:59 and 2026-03-29T03:00; or set disambiguation to "earlier" (2026-03-29T01:30) or "later" (2026-03-29T03:30).',
    });
    expect(at('2026-03-29T02:30', BERLIN, 'earlier')).toBe('2026-03-29T00:30:00.000Z');
    expect(at('2026-03-29T02:30', BERLIN, 'later')).toBe('2026-03-29T01:30:00.000Z');
    // Half an hour only, and a whole day.
    expect(at('2026-10-04T02:15', 'Australia/Lord_Howe')).toMatchObject({
      hint: expect.stringContaining('2026-10-04T01:59 and 2026-10-04T02:30'),
    });
    expect(at('2011-12-30T12:00', 'Pacific/Apia')).toMatchObject({
      hint: expect.stringContaining('2011-12-29T23:59 and 2011-12-31T00:00'),
    });
  });

  test('that exists twice is told both instants', ({ expect }) => {
    expect(at('2026-10-25T02:30', BERLIN)).toEqual({
      field: 'local',
      code: 'ambiguous_time',
      message:
        '2026-10-25T02:30 exists twice in Europe/Berlin, where clocks are set back: 2026-10-25T02:30:00+02:00 and 2026-10-25T02:30:00+01:00.',
      hint: 'Set disambiguation to "earlier" or "later", or give the instant, such as 2026-10-25T02:30:00+02:00.',
    });
    expect(at('2026-10-25T02:30', BERLIN, 'earlier')).toBe('2026-10-25T00:30:00.000Z');
    expect(at('2026-10-25T02:30', BERLIN, 'later')).toBe('2026-10-25T01:30:00.000Z');
  });

  test.for([
    '2026-02-30T09:00',
    '2026-13-01T09:00',
    '2026-12-01T24:30',
    '2026-12-01',
    'tomorrow',
    '2026-12-01T09:00Z',
  ])('is not %s', (local, { expect }) => {
    expect(at(local, BERLIN)).toMatchObject({ field: 'local', code: 'invalid_format' });
  });

  test.for([
    ['Europe/Berln', 'Did you mean Europe/Berlin?'],
    ['berlin', 'Did you mean Europe/Berlin?'],
    ['+02:00', 'Use an IANA name'],
    ['Mars/Olympus_Mons', 'Use an IANA name'],
    ['', 'Use an IANA name'],
  ] as const)('is in no zone %j', ([name, hint], { expect }) => {
    expect(checkTimeZone(name)).toMatchObject({
      code: 'unknown_time_zone',
      hint: expect.stringContaining(hint),
    });
    expect(at('2026-12-01T09:00', name)).toMatchObject({ field: 'timeZone' });
  });
});

describe('the slots of a calendar', () => {
  const daily = (...times: string[]) => ({
    timeZone: BERLIN,
    slots: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const, times }].map(
      ({ days, times }) => ({ days: [...days], times }),
    ),
  });
  const first = (calendar: Parameters<typeof slotsOf>[0], after: string, count: number): string[] =>
    Array.from(slotsOf(calendar, Date.parse(after)), iso).slice(0, count);

  test('come in order, each once, from the next one on', ({ expect }) => {
    const calendar = {
      timeZone: BERLIN,
      slots: [
        { days: ['tue' as const, 'fri' as const], times: ['17:00', '09:00'] },
        { days: ['tue' as const], times: ['09:00', '12:30'] },
      ],
    };
    // 2026-12-01 is a Tuesday.
    expect(first(calendar, '2026-12-01T08:00:00Z', 5)).toEqual([
      '2026-12-01T11:30:00.000Z',
      '2026-12-01T16:00:00.000Z',
      '2026-12-04T08:00:00.000Z',
      '2026-12-04T16:00:00.000Z',
      '2026-12-08T08:00:00.000Z',
    ]);
  });

  test('leave out what a day does not have, and take once what it has twice', ({ expect }) => {
    expect(first(daily('02:30'), '2026-03-27T12:00:00Z', 2)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(first(daily('02:30', '03:00'), '2026-10-24T12:00:00Z', 3)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T02:00:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  test('are those of the day in its zone, not in ours', ({ expect }) => {
    const calendar = { timeZone: 'Pacific/Auckland', slots: [{ days: ['mon' as const], times: ['08:00'] }] };
    // Monday morning there is still Sunday in UTC.
    expect(first(calendar, '2026-11-29T12:00:00Z', 1)).toEqual(['2026-11-29T19:00:00.000Z']);
  });

  test('end after a year', ({ expect }) => {
    const count = [...slotsOf(daily('09:00'), Date.parse('2026-01-01T12:00:00Z'))].length;
    expect(count).toBe(366);
  });
});
