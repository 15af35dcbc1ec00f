import { type XResponse, isXError } from '@slipway/x-media';
import type { Action, PostRequest, PostState, Problem, StepEvent } from '../core/index.ts';
import type { World } from '../world.ts';
import { append } from './append.ts';
import { confirm } from './confirm.ts';
import { create } from './create.ts';
import { describe } from './describe.ts';
import { type Effect, mediaOf } from './effect.ts';
import { finalize } from './finalize.ts';
import { initialize } from './initialize.ts';
import { inspect } from './inspect-media.ts';
import { poll } from './poll.ts';
import { problemOf } from './problem-of.ts';
import type { QuotaCall } from '../quota.ts';
import { NOT_MADE, quotaCallOf, settlementOf } from './quota-call.ts';
import { unlessAborted } from './unless-aborted.ts';
import { uploadOnce } from './upload-once.ts';

/** An effect as `run` uses it; tests put one around it that dies. */
export type Perform = (
  world: World,
  action: Action,
  post: { request: PostRequest; state: PostState },
  options: { signal: AbortSignal; onBytes: (bytes: number) => void },
) => Promise<StepEvent>;

/**
 * Does one action and says what happened; a failure is something that happened too. Rejects only when aborted, and for
 * defects of our own.
 */
export const perform: Perform = async (world, action, post, { signal, onBytes }) => {
  const failed = (problem: Problem): StepEvent => ({
    type: 'failed',
    at: world.clock.now(),
    action,
    problem,
    jitter: world.random(),
  });
  let heard: XResponse | null = null;
  let call: QuotaCall | null = null;
  try {
    if (action.do === 'inspect') {
      const { media } = mediaOf({ action, ...post });
      const found = await inspect(world.objects, media, signal);
      if ('problem' in found) return failed(found.problem);
      const checksum = await world.objects.checksumOf(media, found.source, signal);
      return {
        type: 'inspected',
        at: world.clock.now(),
        item: action.item,
        source: { ...found.source, checksum },
        category: found.category,
      };
    }
    const { accountId } = post.request;
    const [found, account] = await unlessAborted(
      Promise.all([world.accounts.credentialsOf(accountId), world.accounts.find(accountId)]),
      signal,
    );
    const planned = quotaCallOf(world, action, post, account);
    // A create has its share already, from before its intent was written.
    if (action.do === 'create') call = planned;
    if ('waiting' in found) {
      if (call) await world.quota.settle(call, NOT_MADE);
      return { type: 'held', at: world.clock.now(), action, waiting: found.waiting };
    }
    if (action.do === 'confirm' && !account) return failed(accountMissing(post.request));
    if (!call) {
      const waiting = await world.quota.take(planned);
      if (waiting) return { type: 'held', at: world.clock.now(), action, waiting };
      call = planned;
    }
    const x = world.x.as(found.credentials, { onResponse: (response) => (heard = response) });
    const effect = { ...post, world, x, signal, onBytes };
    try {
      const event =
        action.do === 'confirm'
          ? await confirm({ ...effect, action }, account?.xUserId ?? '')
          : await touchX({ ...effect, action });
      const outcome = event.type === 'called_off' ? 'not_sent' : 'done';
      // Nobody waits for it: what comes next goes over the same connection to Redis, behind it.
      void world.quota.settle(call, { outcome, answer: heard, appRefusal: null });
      return event;
    } catch (error) {
      if (!signal.aborted && isXError(error) && error.details.retry.advice === 'refresh_token') {
        await world.accounts.refused(accountId, found.credentials);
      }
      throw error;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const problem = problemOf(error, { now: world.clock.now(), answer: heard });
    if (call) await world.quota.settle(call, settlementOf(problem, heard));
    if (!problem) throw error;
    return failed(problem);
  }
};

function touchX(effect: Effect<Exclude<Action, { do: 'inspect' | 'confirm' }>>): Promise<StepEvent> {
  const { action } = effect;
  switch (action.do) {
    case 'upload_once':
      return uploadOnce({ ...effect, action });
    case 'initialize':
      return initialize({ ...effect, action });
    case 'append':
      return append({ ...effect, action });
    case 'finalize':
      return finalize({ ...effect, action });
    case 'poll':
      return poll({ ...effect, action });
    case 'describe':
      return describe({ ...effect, action });
    case 'create':
      return create({ ...effect, action });
  }
}

function accountMissing({ accountId }: PostRequest): Problem {
  return {
    from: 'slipway',
    code: 'account_missing',
    message: `The account ${accountId} is not configured any more.`,
    hint: 'Put the account back; the post waits for it.',
  };
}
