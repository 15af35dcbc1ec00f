import { setTimeout as pause } from 'node:timers/promises';
import type { Stack } from '@slipway/local';
import { arrivals } from './arrivals.ts';
import { type NewPost, sendAll } from './call-api.ts';

/** Posts without media are handed over 10 s before their time. */
const AHEAD_MS = 20_000;

let bursts = 0;

export interface Burst {
  perSecond: number;
  firstMs: number;
  lastMs: number;
  fastestAccountMs: number;
  slowestAccountMs: number;
}

/** Posts of all accounts that are due at one instant: how fast X gets them, and how the accounts fare beside each other. */
export async function runBurst(stack: Stack, { posts }: { posts: number }): Promise<Burst> {
  const prefix = `burst ${(bursts += 1)} `;
  const dueAt = Date.now() + AHEAD_MS;
  const plan = Array.from({ length: posts }, (_, index): NewPost => ({
    account: index,
    text: prefix + String(index),
    publishAt: dueAt,
    media: null,
  }));
  await sendAll(stack, plan);
  if (Date.now() > dueAt - 5_000) throw new Error('the API took too long to take the posts of a burst');
  await pause(dueAt - Date.now());
  const arrived = await arrivals(stack, prefix, posts);
  const at = arrived.map(({ receivedAt }) => receivedAt - dueAt);
  const doneAt = new Map<string, number>();
  for (const { userId, receivedAt } of arrived) {
    doneAt.set(userId, Math.max(doneAt.get(userId) ?? 0, receivedAt - dueAt));
  }
  const lastMs = Math.max(...at);
  return {
    perSecond: (1_000 * posts) / lastMs,
    firstMs: Math.min(...at),
    lastMs,
    fastestAccountMs: Math.min(...doneAt.values()),
    slowestAccountMs: Math.max(...doneAt.values()),
  };
}
