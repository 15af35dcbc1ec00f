import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Progress } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { isLater } from './event-ids.ts';
import type { Layout } from './keys.ts';
import { toEvent } from './record-fields.ts';
import type { EventFeed, FeedItem, PostStore } from './store.ts';

const BLOCK_MS = 5_000;
const BATCH = 500;
/** A follower this far behind is cut off; it comes back with the id of the last event that it saw. */
const FOLLOWER_BUFFER = 1_000;
/** After Redis has refused to read the streams. */
const RETRY_MS = 1_000;

export interface FeedConnections {
  /** Blocks on the event streams. */
  tail: Redis;
  /** Listens to progress. */
  listen: Redis;
}

/** Opens its connections when somebody first follows. */
export function createEventFeed(
  layout: Layout,
  posts: Pick<PostStore, 'events'>,
  connect: () => FeedConnections,
): EventFeed {
  const followers = new EventEmitter().setMaxListeners(0);
  const streams = layout.partitions.map(({ events }) => events);
  const closing = new AbortController();
  let connections: FeedConnections | undefined;
  let opened: Promise<void> | undefined;

  /** A Redis that refuses is asked again by the next follower. */
  const open = (): Promise<void> => {
    opened ??= startReading().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  const startReading = async (): Promise<void> => {
    const { tail, listen } = (connections ??= connectOnce());
    const positions = await Promise.all(
      streams.map(async (stream) => (await tail.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0'),
    );
    await listen.subscribe(...layout.partitions.map(({ progress }) => progress));
    void readOn(tail, positions);
  };

  const connectOnce = (): FeedConnections => {
    const made = connect();
    made.listen.on('message', (_channel, message) => {
      const progress: Progress = JSON.parse(message);
      followers.emit(progress.postId, { kind: 'progress', progress } satisfies FeedItem);
    });
    return made;
  };

  const readOn = async (tail: Redis, positions: string[]): Promise<void> => {
    while (!closing.signal.aborted) {
      try {
        const reply = await tail.xread(
          'COUNT',
          BATCH,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          ...streams,
          ...positions,
        );
        for (const [stream, entries] of reply ?? []) {
          for (const [id, fields] of entries) {
            // What is told of an account has a field `a` in its place.
            const postId = fields[0] === 'p' ? (fields[1] ?? '') : '';
            if (followers.listenerCount(postId) > 0) {
              followers.emit(postId, { kind: 'event', ...toEvent(postId, id, fields) } satisfies FeedItem);
            }
            positions[streams.indexOf(stream)] = id;
          }
        }
      } catch {
        // A lost connection mends itself without getting here. A Redis that refuses may take it later: reading goes on
        // where it stopped.
        await pause(RETRY_MS, undefined, { signal: closing.signal }).catch(() => {});
      }
    }
  };

  return {
    async *follow(postId, { after, signal }) {
      const ended = AbortSignal.any([signal, closing.signal]);
      if (ended.aborted) return;
      const buffer: FeedItem[] = [];
      let wake = (): void => {};
      let overrun = false;
      const onItem = (item: FeedItem): void => {
        if (overrun) return; // what comes after a gap is not told
        if (buffer.length < FOLLOWER_BUFFER) buffer.push(item);
        else if (item.kind === 'event') overrun = true;
        wake();
      };
      const aborted = Promise.withResolvers<void>();
      const onAbort = (): void => {
        aborted.resolve();
        wake();
      };
      ended.addEventListener('abort', onAbort);
      try {
        await Promise.race([open(), aborted.promise]);
        if (ended.aborted) return;
        // Listening begins before the past is read, so that nothing falls between the two; what is in both is told once.
        followers.on(postId, onItem);
        let last = after;
        for (const event of await posts.events(postId, after)) {
          if (ended.aborted) return;
          last = event.id;
          yield { kind: 'event', ...event };
        }
        while (!ended.aborted) {
          const item = buffer.shift();
          if (!item) {
            if (overrun) return;
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          } else if (item.kind === 'progress') {
            yield item;
          } else if (last === null || isLater(item.id, last)) {
            last = item.id;
            yield item;
          }
        }
      } finally {
        followers.off(postId, onItem);
        ended.removeEventListener('abort', onAbort);
      }
    },

    async close() {
      closing.abort();
      connections?.tail.disconnect();
      connections?.listen.disconnect();
    },
  };
}
