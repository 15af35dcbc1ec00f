import { problemType } from '../http/problems.ts';
import { Refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';

/** Unit prices in US dollars (X docs, pricing, August 2026). Only answers that succeed are billed. */
const PRICES: Record<string, number> = {
  'posts.create': 0.015,
  'posts.delete': 0.005,
  'posts.lookup': 0.005,
  'users.timeline': 0.005,
  'users.me': 0.01,
  'media.metadata': 0.005,
};
const POST_WITH_URL_USD = 0.2;

/** Refuses any call with 402 while the balance is spent. */
export function requireCredits(world: World, appId: string): void {
  const balance = world.config.creditsUsd;
  if (balance === null || world.spentUsd < balance) return;
  throw new Refusal(creditsDepleted(world, appId));
}

/** Bills a successful call. */
export function bill(world: World, operation: string, text: string | undefined): void {
  if (world.config.creditsUsd === null) return;
  const hasUrl = operation === 'posts.create' && /https?:\/\//.test(text ?? '');
  world.spentUsd += hasUrl ? POST_WITH_URL_USD : (PRICES[operation] ?? 0);
}

export function creditsDepleted(world: Pick<World, 'config'>, accountId: string): Reply {
  return {
    status: 402,
    contentType: 'application/problem+json',
    body: {
      type: problemType(world.config.vocabulary, 'credits'),
      title: 'CreditsDepleted',
      detail: `Your enrolled account [${accountId}] does not have any credits to fulfill this request.`,
    },
  };
}
