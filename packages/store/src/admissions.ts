import { STATUSES, type Status, isTerminal } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import type { PartitionKeys } from './keys.ts';
import { loadScript } from './script.ts';

const admit = loadScript('admit', 'history', 'time', 'ring', 'blocks');
const looks = loadScript('looks');
const readmit = loadScript('readmit');
const strays = loadScript('strays', 'time', 'ring');

/** "Look at this post now": what a job says. A post has one current wake; jobs of older ones are void. */
export interface Wake {
  postId: string;
  wake: number;
}

/** A post that was handed over. */
export interface Admitted extends Wake {
  /** By this instant (epoch ms) somebody must have looked at it. */
  lookAt: number;
}

/** How records come to have jobs, and get them back. */
export interface Admissions {
  /**
   * Due posts leave the backlogs of their accounts, in turn, under a lease; each needs a job before the lease ends. An account that is
   * held back, or has its share in hand, gives none.
   */
  admit(limit: number): Promise<Wake[]>;
  /** Posts that should have been looked at and were not. */
  overdue(limit: number): Promise<Admitted[]>;
  /** Posts whose wait ends within the next minute, from the `offset`-th on. */
  upcoming(offset: number, limit: number): Promise<Admitted[]>;
  /** Renews the leases of posts; those marked `replace` get a new wake, which is returned, and needs a job. */
  readmit(posts: readonly (Admitted & { replace: boolean })[]): Promise<Wake[]>;
  /** Makes those among the next `limit` posts that were dropped on the way overdue, and says which; `cursor` null: from the start. */
  sweep(cursor: SweepCursor | null, limit: number): Promise<{ found: string[]; cursor: SweepCursor | null }>;
}

export interface SweepCursor {
  status: Status;
  after: string;
}

export interface AdmissionOptions {
  /** What was handed over must have been looked at after so long. */
  leaseMs: number;
  /** How long after the end of a wait its job may be late before it is overdue. */
  graceMs: number;
  /** Posts of one account that are handed over or in hand at a time. */
  share: number;
}

/** Of an account that is not known (yet): one post per turn, at any pace. */
const DEFAULT_PACE = '1 0 0';

const UPCOMING_MS = 60_000;
const UNFINISHED = STATUSES.filter((status) => !isTerminal(status));

export function createAdmissions(
  redis: Redis,
  keys: PartitionKeys,
  { leaseMs, graceMs, share }: AdmissionOptions,
): Admissions {
  return {
    async admit(limit) {
      const reply = await admit(
        redis,
        [keys.ring, keys.admitted, keys.history, keys.blocks],
        [limit, leaseMs, share, DEFAULT_PACE, keys.post, keys.backlog, keys.busy, keys.tat, keys.account],
      );
      return inGroups(reply, 2).map(([postId = '', wake]) => ({ postId, wake: Number(wake) }));
    },
    async overdue(limit) {
      return admittedOf(await looks(redis, [keys.admitted], [limit, keys.post, '-inf', 0, 0, keys.busy]));
    },
    async upcoming(offset, limit) {
      // One that is being handed over has a lease that ends before the first of these.
      const span = [graceMs + 1_000, graceMs + UPCOMING_MS];
      return admittedOf(await looks(redis, [keys.admitted], [limit, keys.post, ...span, offset, keys.busy]));
    },
    async readmit(posts) {
      const each = posts.flatMap(({ postId, wake, lookAt, replace }) => [
        postId,
        wake,
        lookAt,
        replace ? 1 : 0,
      ]);
      const reply = await readmit(redis, [keys.admitted], [leaseMs, keys.post, ...each]);
      const wakes = Array.isArray(reply) ? reply.map(Number) : [];
      return posts.flatMap(({ postId }, index) => {
        const wake = wakes[index] ?? 0;
        return wake > 0 ? [{ postId, wake }] : [];
      });
    },
    async sweep(cursor, limit) {
      const status = cursor?.status ?? UNFINISHED[0];
      if (!status) throw new Error('there are statuses that are not the last');
      const reply = await strays(
        redis,
        [keys.admitted, keys.ring, keys.ofStatus(status)],
        [cursor?.after ?? '', limit, keys.post, keys.backlog, keys.busy],
      );
      const [after = '', ...found] = Array.isArray(reply) ? reply.map(String) : [];
      const next = after === '' ? UNFINISHED[UNFINISHED.indexOf(status) + 1] : status;
      return { found, cursor: next ? { status: next, after } : null };
    },
  };
}

/**
 * How many accounts should have been given a post, and posts been looked at, more than so long ago. What waits for its account's
 * share, its pace or its release is not late.
 */
export async function countLatePosts(redis: Redis, keys: PartitionKeys, byMs: number): Promise<number> {
  const [seconds] = await redis.time();
  const before = Number(seconds) * 1_000 - byMs;
  const [due, admitted] = await Promise.all([
    redis.zcount(keys.ring, '-inf', before),
    redis.zcount(keys.admitted, '-inf', before),
  ]);
  return due + admitted;
}

function admittedOf(reply: unknown): Admitted[] {
  return inGroups(reply, 3).map(([postId = '', wake, lookAt]) => ({
    postId,
    wake: Number(wake),
    lookAt: Number(lookAt),
  }));
}

/** The values of each entry in turn. */
function inGroups(reply: unknown, size: number): string[][] {
  const values = Array.isArray(reply) ? reply.map(String) : [];
  return Array.from({ length: Math.floor(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}
