/** X's ids are ordered by time: milliseconds since this instant, shifted left by 22 bits. */
const EPOCH_MS = 1_288_834_974_657n;
const SHIFT = 22n;

/**
 * The smallest id a post created at that instant (epoch milliseconds) can have: a lower bound for `sinceId`.
 * Instants before the epoch of ids (4 November 2010) give "0".
 */
export function postIdAt(ms: number): string {
  const elapsed = BigInt(Math.floor(ms)) - EPOCH_MS;
  return String(elapsed <= 0n ? 0n : elapsed << SHIFT);
}

/** When the post with that id was created, in epoch milliseconds. */
export function timeOfPostId(id: string): number {
  return Number((BigInt(id) >> SHIFT) + EPOCH_MS);
}
