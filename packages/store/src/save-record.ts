import { randomBytes } from 'node:crypto';
import type { PostEvent, PostState, Status } from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { EVENT_RETENTION_MS, type PartitionKeys } from './keys.ts';
import { loadScript } from './script.ts';

const save = loadScript('save');

/** What becomes of the record's place in the hand-off; `save.lua` says what each does. */
export type SaveMode =
  | { mode: 'hold'; leaseMs: number }
  | { mode: 'release'; lookedAtBy: number }
  | { mode: 'over' }
  | { mode: 'take' };

export interface Save {
  id: string;
  /** What the change was made from. */
  rev: number;
  fence: number;
  statusBefore: Status;
  state: PostState;
  events: PostEvent[];
  now: number;
}

/** The new revision, or null where somebody saved or took the record in between: then nothing was written. */
export async function saveRecord(
  redis: Redis,
  keys: PartitionKeys,
  { id, rev, fence, statusBefore, state, events, now }: Save,
  then: SaveMode,
): Promise<number | null> {
  const amount = then.mode === 'hold' ? then.leaseMs : then.mode === 'release' ? then.lookedAtBy : 0;
  const reply = await save(
    redis,
    [
      keys.post + id,
      keys.admitted,
      keys.backlog,
      keys.ofStatus(statusBefore),
      keys.ofStatus(state.status),
      keys.events,
      keys.eventsOf(id),
    ],
    [
      id,
      rev,
      fence,
      JSON.stringify(state),
      state.status,
      then.mode,
      amount,
      now - EVENT_RETENTION_MS,
      // Names this save: a client that lost its connection sends the same one again without knowing whether it got through.
      randomBytes(6).toString('base64url'),
      ...events.map((event) => JSON.stringify(event)),
    ],
  );
  return Array.isArray(reply) && reply[0] === 'saved' ? Number(reply[1]) : null;
}
