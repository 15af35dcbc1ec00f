/** How the processing of one upload goes; made at finalize. Times are on the simulator's clock. */
export interface ProcessingPlan {
  startedAt: number;
  tookMs: number;
  checkAfterSecs: number;
  /** Leave `check_after_secs` out of the answers. */
  omitCheckAfter: boolean;
  outcome:
    | { kind: 'succeed' }
    | { kind: 'fail'; error: ProcessingError }
    /** An `error` beside `in_progress` at 99 %, forever: seen on X. */
    | { kind: 'error_in_progress'; error: ProcessingError }
    | { kind: 'never' };
}

export interface ProcessingError {
  code: number;
  name: string;
  message?: string;
}

export type ProcessingState = 'pending' | 'in_progress' | 'succeeded' | 'failed';

/** X's `processing_info`. */
export interface ProcessingInfo {
  state: ProcessingState;
  check_after_secs?: number;
  progress_percent?: number;
  error?: ProcessingError;
}

const PENDING_SHARE = 0.25;

/** Where the processing stands at `now`. */
export function describeProcessing(plan: ProcessingPlan, now: number): ProcessingInfo {
  const elapsed = now - plan.startedAt;
  const checkAfter = plan.omitCheckAfter ? {} : { check_after_secs: plan.checkAfterSecs };
  if (elapsed < plan.tookMs * PENDING_SHARE) return { state: 'pending', ...checkAfter };
  const percent = plan.tookMs === 0 ? 99 : Math.min(99, Math.floor((100 * elapsed) / plan.tookMs));
  if (elapsed < plan.tookMs) return { state: 'in_progress', ...checkAfter, progress_percent: percent };
  switch (plan.outcome.kind) {
    case 'succeed':
      return { state: 'succeeded', progress_percent: 100 };
    case 'fail':
      return { state: 'failed', progress_percent: 12, error: plan.outcome.error };
    case 'error_in_progress':
      return { state: 'in_progress', ...checkAfter, progress_percent: 99, error: plan.outcome.error };
    case 'never':
      return { state: 'in_progress', ...checkAfter, progress_percent: 99 };
  }
}

/** The instant from which the media is ready, or undefined if it never is. */
export function readyAt(plan: ProcessingPlan): number | undefined {
  return plan.outcome.kind === 'succeed' ? plan.startedAt + plan.tookMs : undefined;
}
