import { closestName } from '@slipway/config';
import { Temporal } from 'temporal-polyfill';
import type { FieldIssue } from './field-errors.ts';

/** A local time as a caller gives it. */
export interface GivenLocalTime {
  local: string;
  timeZone: string;
  /** Which of two instants is meant where the time exists twice, or not at all. */
  disambiguation?: 'earlier' | 'later' | undefined;
}

export type LocalTimeIssue = FieldIssue & { message: string; field: 'local' | 'timeZone' };

const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?$/;

/** The instant that a local time is, in epoch milliseconds, or why it is none, or not one only. */
export function resolveLocalTime({
  local,
  timeZone,
  disambiguation,
}: GivenLocalTime): { at: number } | { issue: LocalTimeIssue } {
  const plain = parsePlain(local);
  if (!plain) return { issue: notATime(local) };
  const unknown = checkTimeZone(timeZone);
  if (unknown) return { issue: { field: 'timeZone', ...unknown } };
  const [earlier, later] = bothOf(plain, timeZone);
  if (disambiguation !== undefined || earlier.epochMilliseconds === later.epochMilliseconds) {
    return { at: (disambiguation === 'later' ? later : earlier).epochMilliseconds };
  }
  return { issue: isReal(earlier, plain) ? twice(local, earlier, later) : never(local, earlier, later) };
}

/** Why a text is not the name of a time zone, or null when it is one. */
export function checkTimeZone(name: string): (FieldIssue & { message: string }) | null {
  // An offset would pass for a zone, but it is of one half of the year only, and an instant can carry it.
  if (/^[A-Za-z]/.test(name) && isZone(name)) return null;
  const near = closestZone(name);
  return {
    code: 'unknown_time_zone',
    message: `There is no time zone ${JSON.stringify(name)}.`,
    hint: near ? `Did you mean ${near}?` : 'Use an IANA name such as Europe/Berlin or UTC.',
  };
}

/** The only instant of a local time; the earlier one where there are two, null where there is none. */
export function instantOf(date: Temporal.PlainDate, time: string, timeZone: string): number | null {
  const plain = date.toPlainDateTime(time);
  const earlier = plain.toZonedDateTime(timeZone, { disambiguation: 'earlier' });
  return isReal(earlier, plain) ? earlier.epochMilliseconds : null;
}

/** An instant as the local time that it is, to the minute, or to the second where it has seconds. */
export function toLocal(at: number, timeZone: string): string {
  const plain = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime();
  return formatPlain(plain);
}

function parsePlain(local: string): Temporal.PlainDateTime | null {
  if (!LOCAL.test(local)) return null;
  try {
    return Temporal.PlainDateTime.from(local, { overflow: 'reject' });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function isZone(name: string): boolean {
  try {
    return Temporal.Now.zonedDateTimeISO(name).timeZoneId !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** By its whole name, or by its last part: `berlin` is Europe/Berlin. */
function closestZone(name: string): string | null {
  const zones = Intl.supportedValuesOf('timeZone');
  const near = closestName(name, zones);
  if (near) return near;
  const cityOf = (zone: string): string => zone.slice(zone.lastIndexOf('/') + 1);
  const city = closestName(cityOf(name), zones.map(cityOf));
  return zones.find((zone) => cityOf(zone) === city) ?? null;
}

function bothOf(plain: Temporal.PlainDateTime, timeZone: string) {
  return [
    plain.toZonedDateTime(timeZone, { disambiguation: 'earlier' }),
    plain.toZonedDateTime(timeZone, { disambiguation: 'later' }),
  ] as const;
}

/** Where clocks were set forward over a time, the instant that is made of it reads another. */
function isReal(zoned: Temporal.ZonedDateTime, plain: Temporal.PlainDateTime): boolean {
  return zoned.toPlainDateTime().equals(plain);
}

function notATime(local: string): LocalTimeIssue {
  return {
    field: 'local',
    code: 'invalid_format',
    message: LOCAL.test(local)
      ? `${local} is not in the calendar, or not on the clock.`
      : 'This is not a local date and time.',
    hint: 'Use a date that exists and a time without an offset, such as 2026-12-01T09:00.',
  };
}

function twice(
  local: string,
  earlier: Temporal.ZonedDateTime,
  later: Temporal.ZonedDateTime,
): LocalTimeIssue {
  const instants = [earlier, later].map(formatInstant);
  return {
    field: 'local',
    code: 'ambiguous_time',
    message: `${local} exists twice in ${earlier.timeZoneId}, where clocks are set back: ${instants[0]} and ${instants[1]}.`,
    hint: `Set disambiguation to "earlier" or "later", or give the instant, such as ${instants[0]}.`,
  };
}

function never(
  local: string,
  earlier: Temporal.ZonedDateTime,
  later: Temporal.ZonedDateTime,
): LocalTimeIssue {
  const change = earlier.getTimeZoneTransition('next') ?? later;
  // What the clocks would have read, had they not been set forward.
  const until = change.toInstant().toZonedDateTimeISO(earlier.offset).toPlainDateTime();
  const [last, first] = [until.subtract({ minutes: 1 }), change.toPlainDateTime()];
  const [back, on] = [earlier, later].map((zoned) => formatPlain(zoned.toPlainDateTime()));
  return {
    field: 'local',
    code: 'no_such_time',
    message: `${local} does not exist in ${earlier.timeZoneId}: clocks are set forward from ${formatPlain(until)} to ${formatPlain(first)}.`,
    hint: `The nearest times are ${formatPlain(last)} and ${formatPlain(first)}; or set disambiguation to "earlier" (${back}) or "later" (${on}).`,
  };
}

function formatInstant(zoned: Temporal.ZonedDateTime): string {
  return zoned.toString({ timeZoneName: 'never', calendarName: 'never', smallestUnit: 'second' });
}

function formatPlain(plain: Temporal.PlainDateTime): string {
  return plain.toString({ smallestUnit: plain.second === 0 ? 'minute' : 'second' });
}
