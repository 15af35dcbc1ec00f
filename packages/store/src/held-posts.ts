import {
  type Block,
  type ChangedHistory,
  type PostEvent,
  type PostRequest,
  type PostState,
  type Progress,
  isTerminal,
} from '@slipway/pipeline/core';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { isEveryWriteOnDisk } from './durability.ts';
import type { Layout, PartitionKeys } from './keys.ts';
import { nameClaim } from './record-fields.ts';
import { type Rewritten, saveRecord } from './save-record.ts';
import { loadScript } from './script.ts';

const claim = loadScript('claim', 'history', 'fence', 'releases');
const renew = loadScript('renew');

const claimReply = z.union([
  z.tuple([z.enum(['missing', 'over', 'superseded'])]),
  z.tuple([
    z.literal('held'),
    z.string(), // request
    z.string(), // state
    z.number(), // revision
    z.number(), // fence
    z.number(), // abandoned
    z.string(), // history in which it was created
    z.string(), // history now
    z.number(), // since when
    z.number(), // begun with a failover
    z.string(), // releases of the account
  ]),
]);

/** A post in a worker's hand. */
export interface HeldPost {
  id: string;
  fence: number;
  request: PostRequest;
  state: PostState;
  /** Whoever had it before never gave it back. */
  abandoned: boolean;
  /** Redis has another history than the post knows. */
  changedHistory: ChangedHistory | null;
  save(state: PostState, events: PostEvent[], options?: HeldSave): Promise<HeldSaved>;
}

export interface HeldSave {
  /** Gives the post out of hand until then. */
  release?: { until: number };
  /** Puts the post back into the backlog of its account, which waits for what this block says; null: for what is noted already. */
  park?: { block: Block | null };
  /** Nothing is written where Redis has another history than this one; null: than the one that the post was created in. */
  ifHistory?: string | null;
}

export type HeldSaved =
  | 'saved'
  /** The fence is gone: somebody else has the post, and nothing was written. */
  | 'lost'
  /** Redis has another history, and nothing was written. */
  | ChangedHistory;

export type Claim = HeldPost | { refused: 'missing' | 'over' | 'superseded' };

/** The workers' side of the store. */
export interface HeldPosts {
  /** Takes a post in hand for the job of its current wake. A job of an older wake is refused: it has been replaced. */
  claim(postId: string, wake: number): Promise<Claim>;
  /** Keeps posts in hand; answers with those that are lost. */
  renew<Held extends Pick<HeldPost, 'id' | 'fence'>>(held: readonly Held[]): Promise<Held[]>;
  /** Lossy. */
  publishProgress(progress: Progress): void;
}

export interface HoldOptions {
  /** Named in the record of what it has in hand. */
  holder: string;
  /** A post in hand that was neither saved nor renewed for so long is given to another worker. */
  leaseMs: number;
  /** How long after the end of a wait its job may be late before it is put back. */
  graceMs: number;
  /** A place in the share of an account is free, and it may be given its next post now. */
  onDue?: (partition: PartitionKeys) => void;
}

export function createHeldPosts(
  redis: Redis,
  layout: Layout,
  now: () => number,
  { holder, leaseMs, graceMs, onDue }: HoldOptions,
): HeldPosts {
  const changed = async ({
    history,
    since,
    promoted,
  }: Pick<Rewritten, 'history' | 'since' | 'promoted'>): Promise<ChangedHistory> => ({
    history,
    since,
    lossy: promoted || !(await isEveryWriteOnDisk(redis)),
  });

  return {
    async claim(id, wake) {
      const keys = layout.forPost(id);
      // Named, so that one that is sent again after its answer was lost is known to be the same.
      const claimant = nameClaim(holder);
      const reply = await claim(
        redis,
        [keys.post + id, keys.admitted, keys.history, keys.releases],
        [id, wake, claimant, leaseMs, keys.busy],
      );
      const parsed = claimReply.parse(reply);
      if (parsed[0] !== 'held') return { refused: parsed[0] };
      const [
        ,
        requestJson,
        stateJson,
        firstRev,
        fence,
        abandoned,
        created,
        history,
        since,
        promoted,
        releases,
      ] = parsed;
      const request: PostRequest = JSON.parse(requestJson);
      const state: PostState = JSON.parse(stateJson);
      const isKnown = (state.publish.history ?? created) === history;
      let rev = firstRev;
      let status = state.status;
      return {
        id,
        fence,
        request,
        state,
        abandoned: abandoned === 1,
        changedHistory: isKnown ? null : await changed({ history, since, promoted: promoted === 1 }),
        async save(next, events, { release, park, ...guard } = {}) {
          const saved = await saveRecord(
            redis,
            keys,
            { id, request, rev, fence, statusBefore: status, state: next, events, now: now(), ...guard },
            isTerminal(next.status)
              ? { mode: 'over' }
              : park
                ? { mode: 'park', releases, ...park }
                : release
                  ? { mode: 'release', lookedAtBy: release.until + graceMs }
                  : { mode: 'hold', leaseMs },
            { tell: false },
          );
          if (saved === null) return 'lost';
          if (saved.as === 'rewritten') return changed(saved);
          if (saved.due) onDue?.(keys);
          rev = saved.rev;
          status = next.status;
          return 'saved';
        },
      };
    },

    async renew(held) {
      const lost = await Promise.all(
        layout.partitions.map(async (keys) => {
          const mine = held.filter(({ id }) => layout.forPost(id) === keys);
          if (mine.length === 0) return [];
          const each = mine.flatMap(({ id, fence }) => [id, fence]);
          const reply = await renew(redis, [keys.admitted], [leaseMs, keys.post, ...each]);
          const places = new Set(Array.isArray(reply) ? reply.map(Number) : []);
          return mine.filter((_, place) => places.has(place));
        }),
      );
      return lost.flat();
    },

    publishProgress(progress) {
      const keys = layout.forPost(progress.postId);
      // Nobody waits for it and nothing depends on it.
      redis.publish(keys.progress, JSON.stringify(progress)).catch(() => {});
    },
  };
}
