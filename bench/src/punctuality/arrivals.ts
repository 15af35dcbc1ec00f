import { setTimeout as pause } from 'node:timers/promises';
import type { LedgerPost, Stack } from '@slipway/local';

const EVERY_MS = 1_000;
const PATIENCE_MS = 120_000;

/** The posts at X whose text begins with `prefix`, once there are so many. */
export async function arrivals(stack: Stack, prefix: string, count: number): Promise<LedgerPost[]> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    const { posts } = await stack.sim.ledger();
    const ours = posts.filter(({ text }) => text.startsWith(prefix));
    if (ours.length >= count) return ours;
    if (Date.now() > giveUpAt) throw new Error(`${ours.length} of ${count} posts came to X in time`);
    await pause(EVERY_MS);
  }
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
