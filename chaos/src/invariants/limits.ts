import type { Evidence, Violation } from '../evidence.ts';
import { SEGMENTS_IN_FLIGHT } from '../plan/campaign-settings.ts';

/** Calls of one post that can be under way side by side: four images, each described or uploaded, or the segments of one video. */
const CALLS_OF_A_POST = Math.max(4, SEGMENTS_IN_FLIGHT);

/**
 * Invariant 5: while X says 429, each post of the account asks once and then waits until the reset that X named. That no rejected
 * call costs an attempt is held by invariant 1: a storm rejects more often than a post has retries, and no post may fail of it.
 */
export function checkLimits({ plan, storms }: Evidence): Violation[] {
  return storms.flatMap(({ account, from, to, resetAfterMs, rejected }) => {
    const posts = plan.load.filter((post) => post.account === account).length;
    const rounds = Math.ceil((to - from) / Math.max(resetAfterMs, 1_000)) + 1;
    const allowed = posts * rounds * CALLS_OF_A_POST;
    if (rejected <= allowed) return [];
    return [
      {
        invariant: 5 as const,
        rule: 'asked on while X said 429',
        detail: `${rejected} calls of ${posts} posts of account ${account} were rejected in ${to - from} ms; at most ${allowed} are right`,
        token: null,
        postId: null,
      },
    ];
  });
}
