import type { Policy } from './policy.ts';
import type { PostRequest } from './vocabulary.ts';

/** A post without media has nothing to stage, but its job must be in place before its time. */
const HAND_OFF_LEAD_MS = 10_000;

/** When work on a post begins: early enough that at `publishAt` only the creation is left to do. */
export function startAtOf(
  request: Pick<PostRequest, 'publishAt' | 'media'>,
  policy: Pick<Policy, 'stagingLeadMs'>,
): number {
  const leadMs = request.media.length === 0 ? HAND_OFF_LEAD_MS : policy.stagingLeadMs;
  return request.publishAt - Math.max(leadMs, HAND_OFF_LEAD_MS);
}

/** Exponential backoff with full jitter, over a floor that keeps a lucky draw from hammering. `jitter` is in [0, 1). */
export function backoffMs(
  failures: number,
  jitter: number,
  policy: Pick<Policy, 'backoffBaseMs' | 'backoffCapMs'>,
): number {
  const ceiling = Math.min(policy.backoffCapMs, policy.backoffBaseMs * 2 ** Math.min(failures, 30));
  return Math.round(ceiling * (0.1 + 0.9 * jitter));
}
