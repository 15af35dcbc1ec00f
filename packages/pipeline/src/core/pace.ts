import type { Tier } from './account.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Posts that X lets an account create in a window. Source: X docs, rate limits; of the legacy tiers, their last published table. */
const CREATES: Record<Exclude<Tier, 'unlimited'>, { posts: number; windowMs: number }> = {
  pay_per_use: { posts: 100, windowMs: 15 * MINUTE_MS },
  pro: { posts: 100, windowMs: 15 * MINUTE_MS },
  basic: { posts: 100, windowMs: DAY_MS },
  free: { posts: 17, windowMs: DAY_MS },
};

/** The pace at which a backlog of a tier is worked off: so many at once, then one per interval. No interval: no limit. */
export function paceOf(tier: Tier): { intervalMs: number; burst: number } {
  if (tier === 'unlimited') return { intervalMs: 0, burst: 0 };
  const { posts, windowMs } = CREATES[tier];
  return { intervalMs: Math.ceil(windowMs / posts), burst: posts };
}
