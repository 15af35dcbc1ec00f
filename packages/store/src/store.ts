import type { PostEvent, PostRecord, PostRequest, PostState, Progress, Status } from '@slipway/pipeline/core';

/** What the callers' side of the store offers; the workers' side is in `held-posts.ts`. */
export interface PostStore {
  /**
   * Writes a new post with its indexes, its first event and its place in the backlog, in one script.
   * When this resolves the write is in Redis; with `appendfsync always` that means on disk. Rejects when the id is taken by
   * another request.
   */
  create(
    request: PostRequest,
    options: {
      startAt: number;
      /** What it will cost if all goes well. */
      estimatedMicroUsd?: number;
    },
  ): Promise<PostRecord>;
  get(id: string): Promise<PostRecord | null>;
  /** Newest first. `cursor` is the `nextCursor` of the page before; it stays right while posts change. */
  list(query: ListQuery): Promise<{ posts: PostRecord[]; nextCursor: string | null }>;
  /**
   * Takes the record out of a worker's hands and changes it: reads it, calls `decide`, saves under a new fence, and does so again
   * if somebody else saved in between, or if Redis turns out to have another history than the post knows: `decide` is then told
   * since when (epoch ms by the clock of Redis), as the record may have forgotten something. `decide` returns null to leave the
   * record alone, and `request` to change that, too. A post that goes on, even one that was over, is worked on from `startAt` (default: now).
   */
  change(
    id: string,
    decide: (record: PostRecord, changedSince: number | null) => Change | null,
  ): Promise<{ record: PostRecord; changed: boolean } | null>;
  /** The events of a post after `after` (exclusive; from the start when null), oldest first. */
  events(id: string, after: string | null): Promise<StoredEvent[]>;
}

/** What becomes of a record by `PostStore.change`. */
export interface Change {
  state: PostState;
  events: PostEvent[];
  startAt?: number | null;
  /** Of the same id and the same account; absent: as it was. */
  request?: PostRequest;
}

export interface ListQuery {
  accountId?: string;
  status?: Status;
  limit: number;
  cursor: string | null;
}

/** An event with the id that Redis gave it (`<ms>-<n>`), which is what `Last-Event-ID` carries. */
export interface StoredEvent {
  id: string;
  postId: string;
  event: PostEvent;
}

export type FeedItem = ({ kind: 'event' } & StoredEvent) | { kind: 'progress'; progress: Progress };

/** Live events: one blocking connection and one subscription for a whole process, however many follow. */
export interface EventFeed {
  /**
   * Everything after `after`, then live, in order, each event once. Ends when `signal` aborts, when the feed closes, and before
   * a gap: for a follower that fell too far behind, who comes back with the id of the last event that it saw.
   */
  follow(postId: string, options: { after: string | null; signal: AbortSignal }): AsyncIterable<FeedItem>;
  close(): Promise<void>;
}
