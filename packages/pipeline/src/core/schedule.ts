import type { Policy } from './policy.ts';
import type { PostRequest } from './vocabulary.ts';

/** When work on a post begins: early enough that at `publishAt` only the creation is left to do. */
export function startAtOf(
  request: Pick<PostRequest, 'publishAt' | 'media'>,
  policy: Pick<Policy, 'stagingLeadMs'>,
): number {
  return request.media.length === 0 ? request.publishAt : request.publishAt - policy.stagingLeadMs;
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
