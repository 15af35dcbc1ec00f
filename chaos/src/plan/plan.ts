import { chance } from './chance.ts';
import { planFaults } from './plan-faults.ts';
import { planLoad } from './plan-load.ts';
import type { Plan, PlanOptions } from './vocabulary.ts';

const ACCOUNTS = 6;
/** With the campaign's looks at the timeline, two clocks that are this far apart still see a post that X shows late. */
const SKEW_MS = 1_500;

/** What a campaign will do. Pure: the same options give the same plan. */
export function makePlan(options: PlanOptions): Plan {
  const windowMs = options.minutes * 60_000;
  const draw = chance(options.seed, 'installation');
  const usernames = Array.from({ length: ACCOUNTS + 1 }, (_, index) => `user${index}`);
  return {
    ...options,
    version: 1,
    usernames,
    unluckyAccount: ACCOUNTS,
    clockSkewMs: Array.from({ length: options.workers + 2 }, () => draw.integer(-SKEW_MS, SKEW_MS)),
    load: planLoad({
      seed: options.seed,
      posts: options.posts,
      windowMs,
      accounts: ACCOUNTS,
      unluckyAccount: ACCOUNTS,
    }),
    faults: planFaults({
      seed: options.seed,
      profile: options.profile,
      workers: options.workers,
      accounts: ACCOUNTS,
      windowMs,
      without: options.without,
    }),
  };
}
