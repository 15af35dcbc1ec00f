import type { Outcome } from '@slipway/pipeline';
import { DelayedError, type Job } from 'bullmq';
import type { Wake } from '@slipway/store';

/** Continuations go before new work: otherwise a second step would wait behind the whole backlog. */
export const PRIORITY = { continuation: 1, newWork: 10 } as const;

/**
 * The one place where an outcome becomes queue state. The record is saved before this runs: whatever happens here, a lost
 * or doubled job does no harm. Returns for a finished job, and for one whose post is handed over anew, throws BullMQ's word for a delayed one.
 */
export async function settle(outcome: Outcome, job: Job<Wake>, token: string | undefined): Promise<void> {
  if (outcome.kind === 'done' || outcome.kind === 'parked') return;
  const until = outcome.kind === 'wait' ? outcome.waiting.until : Date.now();
  if (job.priority !== PRIORITY.continuation) await job.changePriority({ priority: PRIORITY.continuation });
  await job.moveToDelayed(until, token);
  throw new DelayedError();
}
