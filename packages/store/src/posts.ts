import { type PostRecord, isTerminal, newPostState } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { EVENT_RETENTION_MS, SCHEDULE_RETENTION_MS, type Layout, type PartitionKeys } from './keys.ts';
import { isLater } from './event-ids.ts';
import { RECORD_FIELDS, toOwnEvent, toRecord } from './record-fields.ts';
import { type Rewritten, saveRecord } from './save-record.ts';
import { loadScript } from './script.ts';
import type { ListQuery, PostStore } from './store.ts';

const create = loadScript('create', 'history', 'time', 'ring');

/** How often `change` starts over before it gives up: each time somebody else must have saved in between. */
const CHANGE_TRIES = 20;
/** Records looked at for one page when two filters are combined. */
const SCAN_LIMIT = 2_000;

export function createPosts(redis: Redis, layout: Layout, now: () => number): PostStore {
  const read = async (id: string): Promise<PostRecord | null> =>
    toRecord(await redis.hmget(layout.forPost(id).post + id, ...RECORD_FIELDS));

  return {
    async create(request, { startAt, estimatedMicroUsd }) {
      const keys = layout.forPost(request.id);
      const state = newPostState(request, estimatedMicroUsd);
      const event = { type: 'post.scheduled', at: request.createdAt, data: {} };
      const created = await create(
        redis,
        [
          keys.post + request.id,
          keys.backlog + request.accountId,
          keys.all,
          keys.ofAccount(request.accountId),
          keys.ofStatus(state.status),
          keys.events,
          keys.eventsOf(request.id),
          keys.history,
          keys.schedule(request.accountId),
          keys.ring,
        ],
        [
          request.id,
          JSON.stringify(request),
          JSON.stringify(state),
          state.status,
          startAt,
          JSON.stringify(event),
          now() - EVENT_RETENTION_MS,
          keys.due,
          request.publishAt,
          now() - SCHEDULE_RETENTION_MS,
          request.accountId,
        ],
      );
      if (created !== 1) throw new Error(`the id ${request.id} is taken`);
      return { request, state, rev: 1, fence: 0, heldBy: null };
    },

    get: read,

    list: (query) => listPosts(redis, layout, query),

    async change(id, decide) {
      const keys = layout.forPost(id);
      let changed: Rewritten | null = null;
      for (let tries = 0; tries < CHANGE_TRIES; tries++) {
        const record = await read(id);
        if (!record) return null;
        const change = decide(record, changed?.since ?? null);
        if (!change) return { record, changed: false };
        const { state, events, startAt, request = record.request } = change;
        const { rev, fence } = record;
        const isRewritten = request !== record.request;
        const ifHistory: string | null = changed?.history ?? record.state.publish.history;
        const statusBefore = record.state.status;
        const saved = await saveRecord(
          redis,
          keys,
          { id, request, isRewritten, rev, fence, statusBefore, state, events, now: now(), ifHistory },
          isTerminal(state.status) ? { mode: 'over' } : { mode: 'reopen', startAt: startAt ?? now() },
          { tell: true },
        );
        if (saved?.as === 'saved') {
          return {
            record: { ...record, request, state, rev: saved.rev, fence: saved.fence, heldBy: null },
            changed: true,
          };
        }
        if (saved) changed = saved;
      }
      throw new Error(`post ${id} changes too fast to be changed from outside`);
    },

    async events(id, after) {
      const keys = layout.forPost(id);
      const events = (await redis.lrange(keys.eventsOf(id), 0, -1)).map((entry) => toOwnEvent(id, entry));
      return after === null ? events : events.filter((event) => isLater(event.id, after));
    },
  };
}

/** Ids sort by time, so that a page begins where the last one ended whatever has changed since. */
async function listPosts(
  redis: Redis,
  layout: Layout,
  query: ListQuery,
): Promise<{ posts: PostRecord[]; nextCursor: string | null }> {
  const { accountId, status, limit } = query;
  const partitions = accountId === undefined ? layout.partitions : [layout.forAccount(accountId)];
  const posts: PostRecord[] = [];
  let cursor = query.cursor;
  for (let seen = 0; posts.length <= limit && seen < SCAN_LIMIT;) {
    const page = await pageOf(redis, partitions, query, cursor, limit + 1);
    const records = await readAll(redis, layout, page);
    posts.push(...records.filter((record) => status === undefined || record.state.status === status));
    seen += page.length;
    cursor = page.at(-1) ?? null;
    if (page.length <= limit) {
      cursor = null;
      break;
    }
  }
  const shown = posts.slice(0, limit);
  return { posts: shown, nextCursor: posts.length > limit ? (shown.at(-1)?.request.id ?? null) : cursor };
}

async function pageOf(
  redis: Redis,
  partitions: PartitionKeys[],
  { accountId, status }: ListQuery,
  cursor: string | null,
  count: number,
): Promise<string[]> {
  const from = cursor === null ? '+' : `(${cursor}`;
  const pages = await Promise.all(
    partitions.map((keys) => {
      const index =
        accountId === undefined
          ? status === undefined
            ? keys.all
            : keys.ofStatus(status)
          : keys.ofAccount(accountId);
      return redis.zrange(index, from, '-', 'BYLEX', 'REV', 'LIMIT', 0, count);
    }),
  );
  return pages.flat().sort().toReversed().slice(0, count);
}

async function readAll(redis: Redis, layout: Layout, ids: string[]): Promise<PostRecord[]> {
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hmget(layout.forPost(id).post + id, ...RECORD_FIELDS);
  const replies = (await pipeline.exec()) ?? [];
  return replies.flatMap(([error, fields]) => {
    if (error) throw error;
    const record = Array.isArray(fields) ? toRecord(fields) : null;
    return record ? [record] : [];
  });
}
