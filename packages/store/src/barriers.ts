import type { Redis } from 'ioredis';
import { type Barrier, createBarrier } from './barrier.ts';
import type { Layout, PartitionKeys } from './keys.ts';

/** Barriers for what is written about accounts, one for each partition, connected when the first is needed. */
export interface Barriers {
  /** See `Barrier`; false, too, where Redis refuses the question. */
  durable: (accountId: string) => Promise<boolean>;
  close(): void;
}

export interface BarriersOptions {
  layout: Layout;
  /** Makes a connection of a barrier's own. */
  connect: () => Redis;
  /** Replicas that must have received a write. */
  replicas: number;
  onTrouble: (error: unknown) => void;
}

export function createBarriers({ layout, connect, replicas, onTrouble }: BarriersOptions): Barriers {
  const made = new Map<PartitionKeys, { redis: Redis; barrier: Barrier }>();
  return {
    durable: async (accountId) => {
      const keys = layout.forAccount(accountId);
      let own = made.get(keys);
      if (!own) {
        const redis = connect();
        own = { redis, barrier: createBarrier({ redis, key: keys.barrier, replicas }) };
        made.set(keys, own);
      }
      return own.barrier.durable().catch((error: unknown) => {
        onTrouble(error);
        return false;
      });
    },
    close() {
      for (const { redis } of made.values()) redis.disconnect();
    },
  };
}
