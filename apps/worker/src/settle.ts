import type { Outcome } from '@slipway/pipeline';
import { DelayedError, type Job } from 'bullmq';
import type { Wake } from '@slipway/store';

/**
 * Continuations go before new work: otherwise a second step would wait behind the whole backlog. Between the two are posts that
 * come due at one instant, by their places among those of their own account: each account has its first one made before any has
 * its second.
 */
export const PRIORITY = { continuation: 1, lastPlace: 1_000, newWork: 1_001 } as const;

/**
 * The one place where an outcome becomes queue state. The record is saved before this runs: whatever happens here, a lost
 * or doubled job does no harm. Returns for a finished job, and for one whose post is handed over anew; throws BullMQ's word for a
 * delayed one.
 */
export async function settle(
  outcome: Outcome,
  job: Job<Wake>,
  token: string | undefined,
  /** Of a post that waits for its time, among those of its account that are due at the same instant; from 0. */
  placeOf: () => Promise<number>,
): Promise<void> {
  if (outcome.kind === 'done' || outcome.kind === 'parked') return;
  const until = outcome.kind === 'wait' ? outcome.waiting.until : Date.now();
  const waitsForItsTime = outcome.kind === 'wait' && outcome.waiting.reason === 'schedule';
  const place = waitsForItsTime ? await placeOf() : 0;
  const priority = Math.min(PRIORITY.continuation + place, PRIORITY.lastPlace);
  if (job.priority !== priority) await job.changePriority({ priority });
  await job.moveToDelayed(until, token);
  throw new DelayedError();
}
