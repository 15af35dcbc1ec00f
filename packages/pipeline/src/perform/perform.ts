import { isXError } from '@slipway/x-media';
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
    const found = await unlessAborted(world.accounts.credentialsOf(accountId), signal);
    if ('waiting' in found) {
      return { type: 'held', at: world.clock.now(), action, waiting: found.waiting };
    }
    const effect = { ...post, world, x: world.x.as(found.credentials), signal, onBytes };
    try {
      if (action.do !== 'confirm') return await touchX({ ...effect, action });
      const account = await world.accounts.find(accountId);
      return account
        ? await confirm({ ...effect, action }, account.xUserId)
        : failed(accountMissing(post.request));
    } catch (error) {
      if (!signal.aborted && isXError(error) && error.details.retry.advice === 'refresh_token') {
        await world.accounts.refused(accountId, found.credentials);
      }
      throw error;
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const problem = problemOf(error);
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

/** A refresh of the account's tokens goes on to its end, whoever has stopped waiting for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
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
