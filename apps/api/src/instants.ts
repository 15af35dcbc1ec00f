import { z } from 'zod';
import type { FieldIssue } from './field-errors.ts';

const rfc3339 = z.iso.datetime({ offset: true });
const LOCAL = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$/;

/** Why a text is not an RFC 3339 instant, or null when it is one. */
export function checkInstant(text: string): (FieldIssue & { message: string }) | null {
  if (rfc3339.safeParse(text.toUpperCase()).success) return null;
  if (LOCAL.test(text)) {
    return {
      code: 'missing_offset',
      message: 'The instant has no offset from UTC, so it could mean any of many instants.',
      hint: `Add Z for UTC or an offset such as +02:00: ${completed(text)}; or give the time zone: {"local": "${completed(text).slice(0, 16)}", "timeZone": "Europe/Berlin"}.`,
    };
  }
  return {
    code: 'invalid_format',
    message: 'This is not an instant that exists.',
    hint: 'Use RFC 3339 with seconds and an offset, such as 2027-01-31T09:00:00Z or 2027-01-31T09:00:00+01:00; or a local time with its zone; or next-slot.',
  };
}

function completed(local: string): string {
  const [date, time = '00:00'] = local.split(/[Tt ]/);
  return `${date}T${time.length === 5 ? `${time}:00` : time}Z`;
}

/** Epoch milliseconds of an RFC 3339 instant that `checkInstant` accepts; finer fractions are cut off. */
export function parseInstant(text: string): number {
  return Date.parse(text.toUpperCase());
}

/** Epoch milliseconds as RFC 3339 in UTC. */
export function formatInstant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** The schema of an instant in an answer. */
export const instantSchema = z.string().meta({ format: 'date-time', examples: ['2027-01-31T09:00:00.000Z'] });
