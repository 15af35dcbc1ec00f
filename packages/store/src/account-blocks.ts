import type { Block, Blocks } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import type { Layout } from './keys.ts';

/** What keeps accounts from posting: their owner's pause, and the system's block, independent of each other. */
export interface AccountBlocks {
  get(accountId: string): Promise<Blocks>;
  pause(accountId: string, detail: string): Promise<void>;
  block(accountId: string, block: Block): Promise<void>;
  /** One action: the pause and/or the block go, and its posts go on at once. False when there was nothing. */
  release(accountId: string, what: 'pause' | 'block' | 'both'): Promise<boolean>;
}

export function createAccountBlocks(redis: Redis, layout: Layout, now: () => number): AccountBlocks {
  const get = async (accountId: string): Promise<Blocks> => {
    const stored = await redis.hget(layout.forAccount(accountId).blocks, accountId);
    return { paused: null, block: null, ...JSON.parse(stored ?? '{}') };
  };
  const put = async (accountId: string, blocks: Blocks): Promise<void> => {
    await redis.hset(layout.forAccount(accountId).blocks, accountId, JSON.stringify(blocks));
  };
  return {
    get,
    async pause(accountId, detail) {
      const paused: Block = { cause: 'paused', since: now(), until: null, detail };
      await put(accountId, { ...(await get(accountId)), paused });
    },
    async block(accountId, block) {
      await put(accountId, { ...(await get(accountId)), block });
    },
    async release(accountId, what) {
      const before = await get(accountId);
      const after = {
        paused: what === 'block' ? before.paused : null,
        block: what === 'pause' ? before.block : null,
      };
      await put(accountId, after);
      return JSON.stringify(after) !== JSON.stringify(before);
    },
  };
}
