import type { Redis } from 'ioredis';
import type { Layout } from './keys.ts';
import { loadScript } from './script.ts';

const takeSlot = loadScript('take-slot');

/** A slot is kept for a post that is being made; one that was never made loses it after this. */
const CLAIM_MS = 60_000;
/** So many instants are tried in one call. */
const CANDIDATES = 200;
/** Enough to warn of. */
const NEIGHBORS = 3;

/** When the posts of an account are due. What was canceled, failed or missed is not in it; what was published is, for a day. */
export interface Schedule {
  /**
   * Takes the first free one of `instants` (epoch ms, ascending) for the post, atomically: no two posts get one. Null when none is
   * free. The post must be made within a minute.
   */
  takeSlot(accountId: string, postId: string, instants: Iterable<number>): Promise<number | null>;
  /** Gives a slot back, where nothing came of it: the post is due at `publishAt` again, or, with null, was not made. */
  giveBack(accountId: string, postId: string, publishAt: number | null): Promise<void>;
  /** How many posts of the account are due at the very same instant and stand before this one. */
  placeOf(accountId: string, about: { postId: string; publishAt: number }): Promise<number>;
  /** Other posts of the account that are due less than `withinMs` before or after `publishAt`; at most three. */
  near(
    accountId: string,
    about: { postId: string; publishAt: number; withinMs: number },
  ): Promise<{ postId: string; publishAt: number }[]>;
}

export function createSchedule(redis: Redis, layout: Layout): Schedule {
  return {
    async takeSlot(accountId, postId, instants) {
      const keys = layout.forAccount(accountId);
      for (const candidates of inGroups(instants, CANDIDATES)) {
        const taken = await takeSlot(
          redis,
          [keys.schedule(accountId), keys.claim + postId],
          [postId, keys.post, keys.claim, CLAIM_MS, ...candidates],
        );
        if (taken !== null) return Number(taken);
      }
      return null;
    },

    async giveBack(accountId, postId, publishAt) {
      const keys = layout.forAccount(accountId);
      const schedule = keys.schedule(accountId);
      if (publishAt === null) await redis.zrem(schedule, postId);
      else await redis.zadd(schedule, publishAt, postId);
    },

    async placeOf(accountId, { postId, publishAt }) {
      const schedule = layout.forAccount(accountId).schedule(accountId);
      const [rank, earlier] = await Promise.all([
        redis.zrank(schedule, postId),
        redis.zcount(schedule, '-inf', `(${publishAt}`),
      ]);
      return rank === null ? 0 : Math.max(0, rank - earlier);
    },

    async near(accountId, { postId, publishAt, withinMs }) {
      const keys = layout.forAccount(accountId);
      const entries = await redis.zrangebyscore(
        keys.schedule(accountId),
        `(${publishAt - withinMs}`,
        `(${publishAt + withinMs}`,
        'WITHSCORES',
        'LIMIT',
        0,
        // The post itself may be among them.
        NEIGHBORS + 1,
      );
      const others = pairs(entries).filter((each) => each.postId !== postId);
      const exist = await Promise.all(others.map((each) => redis.exists(keys.post + each.postId)));
      return others.filter((_, index) => exist[index] === 1).slice(0, NEIGHBORS);
    },
  };
}

function* inGroups<Value>(values: Iterable<Value>, size: number): Generator<Value[]> {
  let group: Value[] = [];
  for (const value of values) {
    group.push(value);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function pairs(entries: readonly string[]): { postId: string; publishAt: number }[] {
  return Array.from({ length: entries.length / 2 }, (_, index) => ({
    postId: entries[2 * index] ?? '',
    publishAt: Number(entries[2 * index + 1]),
  }));
}
