import type { Calendar, IfLate, LocalTime } from '@slipway/pipeline/core';
import type { Schedule } from '@slipway/store';
import { slotsOf } from './calendar-slots.ts';
import { refusal } from './check-post.ts';
import { formatInstant, parseInstant } from './instants.ts';
import { resolveLocalTime, toLocal } from './local-times.ts';
import { type GivenTime, NEXT_SLOT } from './post-request.ts';
import type { FieldError } from './problems.ts';

export interface SettleDeps {
  schedule: Schedule;
}

interface SettledTime {
  publishAt: number;
  publishLocal?: LocalTime;
}

interface AboutPost {
  id: string;
  accountId: string;
  /** Epoch milliseconds. */
  now: number;
  /** Remarks are added to it. */
  warnings: FieldError[];
}

/**
 * When a post is to be published. A slot is taken for it at once; whoever settles a slot and makes nothing of it gives it back.
 * Throws `post_refused` where there is no slot to take.
 */
export async function settleTime(
  given: GivenTime | undefined,
  { id, accountId, now, calendar, warnings }: AboutPost & { calendar: Calendar | null },
  { schedule }: SettleDeps,
): Promise<SettledTime> {
  if (given === undefined) return { publishAt: now };
  if (given === NEXT_SLOT) {
    if (!calendar) throw refusal([noCalendar()]);
    const slot = await schedule.takeSlot(accountId, id, slotsOf(calendar, now));
    if (slot === null) throw refusal([noFreeSlot()]);
    const { timeZone } = calendar;
    return { publishAt: slot, publishLocal: { local: toLocal(slot, timeZone), timeZone } };
  }
  const publishAt = instantOf(given);
  if (publishAt >= now) {
    const local = typeof given === 'object' ? { local: given.local, timeZone: given.timeZone } : null;
    return { publishAt, ...(local && { publishLocal: local }) };
  }
  warnings.push({
    path: 'publishAt',
    code: 'in_the_past',
    detail: `${formatInstant(publishAt)} is in the past; the post is published now.`,
    hint: 'Cancel the post if it is too late for it.',
  });
  return { publishAt: now };
}

/** A post whose time has passed goes out at once, unless it says that it is not to be late. */
export function checkLateness(
  given: GivenTime | undefined,
  ifLate: IfLate | undefined,
  now: number,
  errors: FieldError[],
): void {
  if (given === undefined || given === NEXT_SLOT || ifLate !== 'skip' || instantOf(given) >= now) return;
  errors.push({
    path: 'publishAt',
    code: 'in_the_past',
    detail: `${formatInstant(instantOf(given))} is in the past, and the post is not to be posted late.`,
    hint: 'Give a time to come, or set ifLate to "publish".',
  });
}

/** Tells of other posts of the account that are due at almost the same time. */
export async function warnOfNeighbors(
  {
    id,
    accountId,
    publishAt,
    withinMs,
    warnings,
  }: Omit<AboutPost, 'now'> & Pick<SettledTime, 'publishAt'> & { withinMs: number },
  { schedule }: SettleDeps,
): Promise<void> {
  if (withinMs === 0) return;
  const near = await schedule.near(accountId, { postId: id, publishAt, withinMs });
  for (const other of near) {
    warnings.push({
      path: 'publishAt',
      code: 'close_to_another',
      detail: `${other.postId} of this account is due at ${formatInstant(other.publishAt)}, ${apart(publishAt, other.publishAt)}.`,
      hint: 'Move one of them (PATCH /v1/posts/{id}), or leave them as they are: both are posted.',
    });
  }
}

function apart(one: number, other: number): string {
  const seconds = Math.round(Math.abs(one - other) / 1_000);
  if (seconds === 0) return 'at the same time';
  const span = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  return `${span} ${other < one ? 'before' : 'after'} this one`;
}

function instantOf(given: Exclude<GivenTime, typeof NEXT_SLOT>): number {
  if (typeof given === 'string') return parseInstant(given);
  const resolved = resolveLocalTime(given);
  if ('issue' in resolved) throw new Error('a local time that was not checked');
  return resolved.at;
}

function noCalendar(): FieldError {
  return {
    path: 'publishAt',
    code: 'no_calendar',
    detail: 'The account has no posting calendar, and so no next slot.',
    hint: 'Give it one (PATCH /v1/accounts/{id} with "calendar"), or give publishAt as a time.',
  };
}

function noFreeSlot(): FieldError {
  return {
    path: 'publishAt',
    code: 'no_free_slot',
    detail: "Every slot of the account's calendar is taken for a year.",
    hint: 'Add times to its calendar (PATCH /v1/accounts/{id}), or give publishAt as a time.',
  };
}
