import { MEDIA_CATEGORIES, type MediaCategory, type Pace, type Paces } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import type { Layout } from './keys.ts';
import { loadScript } from './script.ts';

const measure = loadScript('measure');

/** What the newest measurement counts for in the average; those before it count for less and less. */
const SHARE = 0.2;
/** How old an answer of `read` may be. */
const CACHE_MS = 10_000;

const FIELDS = ['bytesPerSecond', 'processingMs'] as const satisfies readonly (keyof Pace)[];

/** How fast uploads and processing went of late, by category, over all workers of a partition. */
export interface PaceStore {
  /** Lossy: nobody waits for it. */
  record(postId: string, category: MediaCategory, measured: Partial<Pace>): void;
  /** For posts of the account; at most ten seconds old. */
  read(accountId: string): Promise<Paces>;
}

export function createPaces(redis: Redis, layout: Layout, now: () => number): PaceStore {
  const cache = new Map<string, { at: number; paces: Paces }>();
  return {
    record(postId, category, measured) {
      const values = FIELDS.flatMap((field) =>
        measured[field] === undefined || measured[field] === null
          ? []
          : [`${category}:${field}`, Math.round(measured[field])],
      );
      if (values.length === 0) return;
      // A measurement that is lost is no loss.
      measure(redis, [layout.forPost(postId).pace], [SHARE, ...values]).catch(() => {});
    },

    async read(accountId) {
      const { pace } = layout.forAccount(accountId);
      const known = cache.get(pace);
      if (known && now() - known.at < CACHE_MS) return known.paces;
      const paces = toPaces(await redis.hgetall(pace));
      cache.set(pace, { at: now(), paces });
      return paces;
    },
  };
}

function toPaces(fields: Record<string, string>): Paces {
  const valueOf = (category: MediaCategory, field: keyof Pace): number | null => {
    const value = fields[`${category}:${field}`];
    return value === undefined ? null : Number(value);
  };
  return Object.fromEntries(
    MEDIA_CATEGORIES.map((category) => [
      category,
      {
        // A speed of 0 would take for ever.
        bytesPerSecond: valueOf(category, 'bytesPerSecond') || null,
        processingMs: valueOf(category, 'processingMs'),
      },
    ]),
  );
}
