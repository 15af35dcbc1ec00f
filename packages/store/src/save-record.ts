import { randomBytes } from 'node:crypto';
import type { Block, PostEvent, PostRequest, PostState, Status } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { EVENT_RETENTION_MS, type PartitionKeys } from './keys.ts';
import { loadScript } from './script.ts';

const save = loadScript('save', 'history', 'fence', 'time', 'ring', 'releases', 'blocks');

/** What becomes of the record's place in the hand-off; `save.lua` says what each does. */
export type SaveMode =
  | { mode: 'hold'; leaseMs: number }
  | { mode: 'release'; lookedAtBy: number }
  | { mode: 'over' }
  | { mode: 'reopen'; startAt: number }
  /** `releases` is what the claim said of them: a block is not noted that was released since. */
  | { mode: 'park'; block: Block | null; releases: string };

export interface Save {
  id: string;
  request: PostRequest;
  /** The request is another one, too: its owner has changed it. */
  isRewritten?: boolean;
  /** What the change was made from. */
  rev: number;
  fence: number;
  statusBefore: Status;
  state: PostState;
  events: PostEvent[];
  now: number;
  /** Only where Redis still has this history; null: the one that the post was created in. */
  ifHistory?: string | null;
}

export type Saved =
  /** `due`: it may be the turn of the account now. */
  | { as: 'saved'; rev: number; fence: number; due: boolean }
  /** Nothing was written. */
  | Rewritten;

/** Redis has another history, since then; `promoted`: it began with a failover. */
export interface Rewritten {
  as: 'rewritten';
  history: string;
  since: number;
  promoted: boolean;
}

const saveReply = z.union([
  z.tuple([z.literal('saved'), z.number(), z.number(), z.number()]),
  z.tuple([z.literal('rewritten'), z.string(), z.number(), z.number()]),
  z.tuple([z.enum(['missing', 'stale'])], z.unknown()),
]);

/** With `tell` the workers hear at once when the account may be given its next post. Null where somebody saved or took the record in between: then nothing was written. */
export async function saveRecord(
  redis: Redis,
  keys: PartitionKeys,
  { id, request, isRewritten = false, rev, fence, statusBefore, state, events, now, ifHistory }: Save,
  then: SaveMode,
  { tell }: { tell: boolean },
): Promise<Saved | null> {
  const reply = await save(
    redis,
    [
      keys.post + id,
      keys.admitted,
      keys.backlog + request.accountId,
      keys.ofStatus(statusBefore),
      keys.ofStatus(state.status),
      keys.events,
      keys.eventsOf(id),
      keys.history,
      keys.schedule(request.accountId),
      keys.ring,
      keys.busy + request.accountId,
      keys.blocks,
      keys.releases,
    ],
    [
      id,
      rev,
      fence,
      JSON.stringify(state),
      state.status,
      then.mode,
      amountOf(then),
      now - EVENT_RETENTION_MS,
      // Names this save: a client that lost its connection sends the same one again without knowing whether it got through.
      randomBytes(6).toString('base64url'),
      ifHistory === undefined ? '-' : (ifHistory ?? ''),
      tell ? keys.due : '',
      isRewritten ? JSON.stringify(request) : '',
      request.publishAt,
      request.accountId,
      then.mode === 'park' && then.block ? JSON.stringify(then.block) : '',
      then.mode === 'park' ? then.releases : '',
      ...events.map((event) => JSON.stringify(event)),
    ],
  );
  const parsed = saveReply.parse(reply);
  switch (parsed[0]) {
    case 'saved':
      return { as: 'saved', rev: parsed[1], fence: parsed[2], due: parsed[3] === 1 };
    case 'rewritten':
      return { as: 'rewritten', history: parsed[1], since: parsed[2], promoted: parsed[3] === 1 };
    case 'missing':
    case 'stale':
      return null;
  }
}

function amountOf(then: SaveMode): number {
  switch (then.mode) {
    case 'hold':
      return then.leaseMs;
    case 'release':
      return then.lookedAtBy;
    case 'reopen':
      return then.startAt;
    case 'over':
    case 'park':
      return 0;
  }
}
