import { LostPost, type Quota, type World, run } from '@slipway/pipeline';
import type { PostEvent } from '@slipway/pipeline/core';
import type { HeldPost, HeldPosts, HeldSaved, PaceStore, Schedule, Wake } from '@slipway/store';
import { DelayedError, type Job } from 'bullmq';
import type { Logger } from 'pino';
import type { Hands } from './hands.ts';
import { performAndCollect } from './media-garbage.ts';
import { createPaceMeter } from './pace-meter.ts';
import { settle } from './settle.ts';
import type { WriteGate } from './write-gate.ts';

export interface ProcessorDeps {
  world: World;
  heldPosts: HeldPosts;
  hands: Hands;
  gate: WriteGate;
  logger: Logger;
  /** Whether what was saved of a post before can not be lost any more, as far as is configured. */
  durable: (postId: string) => Promise<boolean>;
  /** Aborted when the worker begins to stop. */
  stopping: AbortSignal;
  paces: Pick<PaceStore, 'record'>;
  schedule: Pick<Schedule, 'placeOf'>;
}

/** A job says "look at this post now"; this looks. */
export function createProcessor(deps: ProcessorDeps): (job: Job<Wake>, token?: string) => Promise<void> {
  const { heldPosts, hands, gate, logger } = deps;
  const perform = performAndCollect();
  return async (job, token) => {
    const { postId, wake } = job.data;
    const log = logger.child({ postId, wake });
    try {
      const post = await heldPosts.claim(postId, wake);
      if ('refused' in post) {
        log.debug({ why: post.refused }, 'nothing to do');
        return;
      }
      log.info({ fence: post.fence, status: post.state.status, abandoned: post.abandoned }, 'post taken');
      const outcome = await workOn(post, log);
      const { accountId, publishAt } = post.request;
      await settle(outcome, job, token, () => deps.schedule.placeOf(accountId, { postId, publishAt }));
    } catch (error) {
      if (error instanceof DelayedError) throw error;
      if (error instanceof LostPost) {
        log.warn('post lost to another worker');
        return;
      }
      // The lease of the post runs out, and another look at it is arranged then.
      if (!gate.heed(error)) log.error({ err: error }, 'looking at a post failed');
      throw error instanceof Error ? error : new Error(String(error));
    }
  };

  /** An upload is not to be given up, with what X has of it, because Redis takes no writes just now. */
  function insistent(quota: Quota, abort: AbortSignal): Quota {
    return { ...quota, take: (call) => gate.insist(() => quota.take(call), abort) };
  }

  async function workOn(post: HeldPost, log: Logger) {
    const hand = hands.take(post);
    const meter = createPaceMeter(post.state, (...measured) => deps.paces.record(post.id, ...measured));
    try {
      return await run(post, {
        world: deps.world,
        perform: (world, ...rest) =>
          perform({ ...world, quota: insistent(world.quota, hand.abort) }, ...rest),
        abandoned: post.abandoned,
        changedHistory: post.changedHistory,
        stopping: deps.stopping,
        abort: hand.abort,
        onProgress: (progress) => heldPosts.publishProgress(progress),
        hold: () => hand.confirm(),
        durable: () => deps.durable(post.id),
        async save(state, events, options) {
          let askedAt = 0;
          const write = (): Promise<HeldSaved> => {
            askedAt = performance.now();
            return post.save(state, events, options);
          };
          // What was done is not to be forgotten because Redis takes no writes just now; an intent, or a conclusion, is come to anew.
          const isOnlyDecided = options.ifHistory !== undefined;
          const saved = await (isOnlyDecided ? write() : gate.insist(write, hand.abort));
          if (saved === 'lost') throw new LostPost(`post ${post.id} was taken by somebody else`);
          if (saved !== 'saved') {
            log.warn(
              saved,
              'redis has another history; whether the post was created before is made sure of first',
            );
            return saved;
          }
          hand.renewed(askedAt);
          meter.saved(state, events);
          for (const event of events) logEvent(log, event);
          return null;
        },
      });
    } finally {
      hand.putDown();
    }
  }
}

function logEvent(log: Logger, { type, data }: PostEvent): void {
  log.info({ event: type, ...('failure' in data ? { failure: data.failure } : data) }, 'post moved');
}
