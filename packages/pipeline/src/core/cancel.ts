import { announce } from './announce.ts';
import { mayBeForgotten } from './confirm.ts';
import type { PostEvent } from './post-events.ts';
import { type PostRecord, type PostState, isTerminal } from './vocabulary.ts';

/**
 * The canceled post, or null when it is too late: the intent to create it is written, or it is over; or when it may be, since Redis
 * has another history since `changedSince` and may have forgotten it.
 */
export function cancelPost(
  record: PostRecord,
  now: number,
  changedSince: number | null = null,
): { state: PostState; events: PostEvent[] } | null {
  if (record.state.status === 'publishing' || isTerminal(record.state.status)) return null;
  if (changedSince !== null && mayBeForgotten(record.request, changedSince)) return null;
  const state: PostState = { ...record.state, status: 'canceled', waiting: null, hold: null };
  return { state, events: announce(record.state, state, now) };
}
