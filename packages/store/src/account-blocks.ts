import type { Block, Blocks } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { EVENT_RETENTION_MS, type Layout, type PartitionKeys } from './keys.ts';
import { loadScript } from './script.ts';

const pause = loadScript('pause', 'time', 'blocks');
const block = loadScript('block', 'time', 'blocks');
const release = loadScript('release', 'time', 'ring', 'blocks');

/** Accounts that one script releases. */
const BATCH = 100;

/** What holds accounts back: their owners' pauses, and blocks that Slipway met at X. Each end and each beginning is an event. */
export interface AccountBlocks {
  /** A block whose time is over stands until a post got through. */
  get(accountId: string): Promise<Blocks>;
  /** By its owner; independent of a block. What is being published is finished. */
  pause(accountId: string, detail: string): Promise<void>;
  /** Unless one of the same cause is in force, or one that lasts longer. */
  block(accountId: string, block: Block): Promise<void>;
  /** One action: the pause and/or the block go, and its posts go on at once. False when there was nothing. */
  release(accountId: string, what: 'pause' | 'block' | 'both'): Promise<boolean>;
  /** Releases every account that is blocked for this app's sake. Returns how many. */
  releaseApp(app: string): Promise<number>;
}

/** What stands in the hash: either may be missing. */
type Stored = Partial<Record<keyof Blocks, Block>>;

export function createAccountBlocks(redis: Redis, layout: Layout, now: () => number): AccountBlocks {
  const eventsSince = (): number => Math.max(0, now() - EVENT_RETENTION_MS);
  const releaseAll = async (
    keys: PartitionKeys,
    accountIds: string[],
    what: 'pause' | 'block' | 'both',
    app: string,
  ): Promise<number> =>
    Number(
      await release(
        redis,
        [keys.blocks, keys.events, keys.ring, keys.releases],
        [eventsSince(), keys.due, keys.backlog, what, app, ...accountIds],
      ),
    );

  return {
    async get(accountId) {
      const json = await redis.hget(layout.forAccount(accountId).blocks, accountId);
      const { paused, block: noted }: Stored = json === null ? {} : JSON.parse(json);
      return { paused: paused ?? null, block: noted ?? null };
    },
    async pause(accountId, detail) {
      const { blocks, events } = layout.forAccount(accountId);
      const paused: Block = { cause: 'paused', since: now(), until: null, detail };
      await pause(redis, [blocks, events], [accountId, JSON.stringify(paused), eventsSince()]);
    },
    async block(accountId, noted) {
      const { blocks, events } = layout.forAccount(accountId);
      await block(redis, [blocks, events], [accountId, JSON.stringify(noted), eventsSince()]);
    },
    release: async (accountId, what) =>
      (await releaseAll(layout.forAccount(accountId), [accountId], what, '')) > 0,
    async releaseApp(app) {
      let released = 0;
      for (const keys of layout.partitions) {
        // Whoever is about to note a block for the app's sake is not to do so.
        await redis.hincrby(keys.releases, '', 1);
        let cursor = '0';
        do {
          const [next, entries] = await redis.hscan(keys.blocks, cursor, 'COUNT', BATCH);
          cursor = next;
          // Ids and blocks in turn; the script says whose block it is.
          const accounts = entries.filter((_, index) => index % 2 === 0);
          for (let from = 0; from < accounts.length; from += BATCH)
            released += await releaseAll(keys, accounts.slice(from, from + BATCH), 'block', app);
        } while (cursor !== '0');
      }
      return released;
    },
  };
}
