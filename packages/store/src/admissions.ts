import type { Redis } from 'ioredis';
import type { PartitionKeys } from './keys.ts';
import { loadScript } from './script.ts';

const admit = loadScript('admit', 'history');
const overdue = loadScript('overdue');
const readmit = loadScript('readmit');

/** "Look at this post now": what a job says. A post has one current wake; jobs of older ones are void. */
export interface Wake {
  postId: string;
  wake: number;
}

/** How records come to have jobs, and get them back. */
export interface Admissions {
  /** Due posts leave the backlog, under a lease; each needs a job before the lease ends. */
  admit(limit: number): Promise<Wake[]>;
  /** Posts that should have been looked at and were not. */
  overdue(limit: number): Promise<Wake[]>;
  /** Renews the leases of overdue posts; those marked `replace` get a new wake, which is returned, and needs a job. */
  readmit(posts: readonly (Wake & { replace: boolean })[]): Promise<Wake[]>;
}

export function createAdmissions(redis: Redis, keys: PartitionKeys, leaseMs: number): Admissions {
  return {
    async admit(limit) {
      return wakesOf(
        await admit(redis, [keys.backlog, keys.admitted, keys.history], [limit, leaseMs, keys.post]),
      );
    },
    async overdue(limit) {
      return wakesOf(await overdue(redis, [keys.admitted], [limit, keys.post]));
    },
    async readmit(posts) {
      const each = posts.flatMap(({ postId, wake, replace }) => [postId, wake, replace ? 1 : 0]);
      const reply = await readmit(redis, [keys.admitted], [leaseMs, keys.post, ...each]);
      const wakes = Array.isArray(reply) ? reply.map(Number) : [];
      return posts.flatMap(({ postId }, index) => {
        const wake = wakes[index] ?? 0;
        return wake > 0 ? [{ postId, wake }] : [];
      });
    },
  };
}

/** Id and wake in turn. */
function wakesOf(reply: unknown): Wake[] {
  if (!Array.isArray(reply)) return [];
  const wakes: Wake[] = [];
  for (let i = 0; i + 1 < reply.length; i += 2)
    wakes.push({ postId: String(reply[i]), wake: Number(reply[i + 1]) });
  return wakes;
}
