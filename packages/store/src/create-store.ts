import type { Redis } from 'ioredis';
import { createEventFeed } from './event-feed.ts';
import { layOut } from './keys.ts';
import { type PaceStore, createPaces } from './paces.ts';
import { createPosts } from './posts.ts';
import { type Schedule, createSchedule } from './schedule.ts';
import type { EventFeed, PostStore } from './store.ts';

/** The callers' side: posts, live events, and whether Redis is there. */
export interface Store {
  posts: PostStore;
  feed: EventFeed;
  schedule: Schedule;
  paces: PaceStore;
  /** Rejects when Redis does not answer. */
  ping(): Promise<void>;
  /** Closes what the store opened itself; the connection it was given stays open. */
  close(): Promise<void>;
}

export interface StoreOptions {
  redis: Redis;
  partitions: number;
  /** Makes a connection for blocking reads, when somebody follows events. */
  connectBlocking: (name: string) => Redis;
  now?: () => number;
}

export function createStore({ redis, partitions, connectBlocking, now = Date.now }: StoreOptions): Store {
  const layout = layOut(partitions);
  const posts = createPosts(redis, layout, now);
  const feed = createEventFeed(layout, posts, () => ({
    tail: connectBlocking('events'),
    listen: connectBlocking('progress'),
  }));
  return {
    posts,
    feed,
    schedule: createSchedule(redis, layout),
    paces: createPaces(redis, layout, now),
    async ping() {
      await redis.ping();
    },
    close: () => feed.close(),
  };
}
