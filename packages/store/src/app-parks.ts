import { type BlockCause, BLOCK_CAUSES } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { EVENT_RETENTION_MS, type Layout, keysOfApp } from './keys.ts';

/** What keeps every account of an app from calling X. Instants are epoch ms. */
export interface AppPark {
  cause: BlockCause;
  since: number;
  /** Then one call finds out whether it is over. */
  until: number;
  /** In X's own words where X spoke. */
  detail: string;
}

export type AppEvent =
  | { type: 'app.parked'; at: number; data: { cause: BlockCause; until: number; detail: string } }
  | { type: 'app.released'; at: number; data: { cause: BlockCause; by: 'x' | 'operator' } };

export interface AppParks {
  get(app: string): Promise<AppPark | null>;
  /** Lets the accounts of an app call X again, at once. Null when it was not parked. */
  release(app: string): Promise<AppPark | null>;
}

export function createAppParks(redis: Redis, layout: Layout, now: () => number): AppParks {
  const get = async (app: string): Promise<AppPark | null> => {
    const { cause, since, until, detail = '' } = await redis.hgetall(keysOfApp(app).park);
    return cause === undefined
      ? null
      : { cause: causeOf(cause), since: Number(since), until: Number(until), detail };
  };
  return {
    get,
    async release(app) {
      const park = await get(app);
      // Only whoever deletes it tells of it.
      if (!park || (await redis.del(keysOfApp(app).park)) === 0) return null;
      await appendAppEvent(redis, layout, app, {
        type: 'app.released',
        at: now(),
        data: { cause: park.cause, by: 'operator' },
      });
      return park;
    },
  };
}

/** Apps have no partition: their events are in the first one's stream, under `app`. */
export async function appendAppEvent(
  redis: Redis,
  layout: Layout,
  app: string,
  event: AppEvent,
): Promise<void> {
  const [first] = layout.partitions;
  if (!first) throw new Error('a layout has at least one partition');
  const since = event.at - EVENT_RETENTION_MS;
  await redis.xadd(first.events, 'MINID', '~', since, '*', 'app', app, 'e', JSON.stringify(event));
}

export function causeOf(text: string): BlockCause {
  const cause = BLOCK_CAUSES.find((each) => each === text);
  if (!cause) throw new Error(`Redis has a park with the unknown cause ${text}`);
  return cause;
}
