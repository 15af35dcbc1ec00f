import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Layout } from './keys.ts';

/** Attempts to connect an account that wait for their redirect: each is taken once, within its time, or never. */
export interface ConnectAttempts {
  /** `sealed` is what only we can read. Rejects when the state was given out before. */
  put(state: string, sealed: string, ttlMs: number): Promise<void>;
  /** Null: unknown, too old, or taken already; of two callers one gets it. */
  take(state: string): Promise<string | null>;
}

export function createConnectAttempts(redis: Redis, layout: Layout): ConnectAttempts {
  /** Whoever has the state may end the attempt, so that Redis gets its digest only. */
  const keyOf = (state: string): string => {
    const digest = createHash('sha256').update(state).digest('base64url');
    // There is no account yet; the digest spreads the attempts as ids spread accounts.
    return layout.forAccount(digest).connecting + digest;
  };
  return {
    async put(state, sealed, ttlMs) {
      const done = await redis.set(keyOf(state), sealed, 'PX', ttlMs, 'NX');
      if (done !== 'OK') throw new Error('the state of an attempt to connect was given out before');
    },
    take: (state) => redis.getdel(keyOf(state)),
  };
}
