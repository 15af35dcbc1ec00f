/** X's ids carry their creation time: milliseconds since this instant, shifted left by 22 bits. */
const X_EPOCH_MS = 1_288_834_974_657n;

/** Strictly increasing snowflake ids as decimal strings. */
export function createIds(now: () => number): () => string {
  let last = 0n;
  return () => {
    const candidate = (BigInt(Math.floor(now())) - X_EPOCH_MS) << 22n;
    last = candidate > last ? candidate : last + 1n;
    return last.toString();
  };
}

/** The smallest id that a post made at `ms` can have. */
export function smallestIdAt(ms: number): bigint {
  return (BigInt(Math.floor(ms)) - X_EPOCH_MS) << 22n;
}
