import type { Calendar } from '@slipway/pipeline/core';
import { Temporal } from 'temporal-polyfill';
import { instantOf } from './local-times.ts';

/** A calendar is full when nothing is free for so long. */
const HORIZON_DAYS = 366;
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/**
 * The slots of a calendar after an instant, ascending, in epoch milliseconds, for a year. A time that a day does not have, since
 * clocks are set forward, is no slot; one that it has twice is one slot, at the first of them.
 */
export function* slotsOf({ timeZone, slots }: Calendar, after: number): Generator<number> {
  const today = Temporal.Instant.fromEpochMilliseconds(after).toZonedDateTimeISO(timeZone).toPlainDate();
  for (let days = 0; days <= HORIZON_DAYS; days++) {
    const date = today.add({ days });
    const weekday = WEEKDAYS[date.dayOfWeek - 1];
    const times = new Set(
      slots.flatMap((slot) => (slot.days.some((day) => day === weekday) ? slot.times : [])),
    );
    for (const time of [...times].sort()) {
      const at = instantOf(date, time, timeZone);
      if (at !== null && at > after) yield at;
    }
  }
}
