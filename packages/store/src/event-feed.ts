import { EventEmitter } from 'node:events';
import type { Progress } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import type { Layout } from './keys.ts';
import { toEvent } from './record-fields.ts';
import type { EventFeed, FeedItem, PostStore } from './store.ts';

const BLOCK_MS = 5_000;
const BATCH = 500;
/** A follower this far behind is cut off; it comes back with the id of the last event that it saw. */
const FOLLOWER_BUFFER = 1_000;

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
  let connections: FeedConnections | undefined;
  let ready: Promise<void> | undefined;
  const closing = new AbortController();

  const open = async (): Promise<void> => {
    connections = connect();
    const { tail, listen } = connections;
    const positions = await Promise.all(
      layout.partitions.map(
        async ({ events }) => (await tail.xrevrange(events, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0',
      ),
    );
    listen.on('message', (_channel, message) => {
      const progress: Progress = JSON.parse(message);
      followers.emit(progress.postId, { kind: 'progress', progress } satisfies FeedItem);
    });
    await listen.subscribe(...layout.partitions.map(({ progress }) => progress));
    void tailEvents(tail, positions);
  };

  const tailEvents = async (tail: Redis, positions: string[]): Promise<void> => {
    const streams = layout.partitions.map(({ events }) => events);
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
            const postId = fields[fields.indexOf('p') + 1] ?? '';
            if (followers.listenerCount(postId) > 0) {
              followers.emit(postId, { kind: 'event', ...toEvent(postId, id, fields) } satisfies FeedItem);
            }
            positions[streams.indexOf(stream)] = id;
          }
        }
      } catch (error) {
        // The connection mends itself and reading goes on where it stopped; only an end that was asked for ends the loop.
        if (!closing.signal.aborted) followers.emit('trouble', error);
      }
    }
  };

  return {
    async *follow(postId, { after, signal }) {
      ready ??= open();
      await ready;
      const buffer: FeedItem[] = [];
      let wake = (): void => {};
      let overrun = false;
      const onItem = (item: FeedItem): void => {
        if (buffer.length < FOLLOWER_BUFFER) buffer.push(item);
        else if (item.kind === 'event') overrun = true;
        wake();
      };
      const onAbort = (): void => wake();
      followers.on(postId, onItem);
      signal.addEventListener('abort', onAbort);
      try {
        // Listening began before the past is read, so that nothing falls between the two; what is in both is told once.
        let last = after;
        for (const event of await posts.events(postId, after)) {
          if (signal.aborted) return;
          last = event.id;
          yield { kind: 'event', ...event };
        }
        while (!signal.aborted) {
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
        signal.removeEventListener('abort', onAbort);
      }
    },

    async close() {
      closing.abort();
      connections?.tail.disconnect();
      connections?.listen.disconnect();
    },
  };
}

/** Stream ids are `<ms>-<n>`, compared number by number. */
function isLater(id: string, than: string): boolean {
  const [ms = 0, n = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherN = 0] = than.split('-').map(Number);
  return ms === otherMs ? n > otherN : ms > otherMs;
}
