import { z } from 'zod';
import type { StepEvent } from './step-events.ts';
import type { PostRequest } from './vocabulary.ts';

/** Money is counted in whole millionths of a US dollar. */
const MICRO = 1_000_000;

export const microUsd = (usd: number): number => Math.round(usd * MICRO);
export const toUsd = (micros: number): number => micros / MICRO;

const price = (usd: number) => z.number().min(0).max(1_000).transform(microUsd).prefault(usd);

/** What X charges: US dollars where it is given, whole micro-dollars from there on. Source: X docs, pricing (August 2026). */
export const pricesSchema = z.strictObject({
  create: price(0.015),
  createWithUrl: price(0.2),
  /** X lets an app reply only where the account was mentioned or quoted: a "summoned" reply. */
  reply: price(0.01),
  metadata: price(0.005),
  postRead: price(0.005),
});
/** In micro-dollars. */
export type Prices = z.infer<typeof pricesSchema>;

/**
 * X makes a link of whatever looks like one, also without a scheme. A name that only looks like a host counts as well: an estimate
 * that is too high keeps a budget, one that is too low does not.
 */
const URL_IN_TEXT = /https?:\/\/|(?<![\w@.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?![\w@])/i;

/** What X charges for the call that makes the post. */
export function priceOfCreate(
  { text, options }: Pick<PostRequest, 'text' | 'options'>,
  prices: Prices,
): number {
  if (URL_IN_TEXT.test(text)) return prices.createWithUrl;
  return options.inReplyToPostId === undefined ? prices.create : prices.reply;
}

/** What a post will cost if all goes well. */
export function estimateCost(
  request: Pick<PostRequest, 'text' | 'options' | 'media'>,
  prices: Prices,
): number {
  const described = request.media.filter(({ altText }) => altText !== null).length;
  return priceOfCreate(request, prices) + described * prices.metadata;
}

/** What X charges for what happened: only what succeeded is billed. */
export function costOf(request: PostRequest, event: StepEvent, prices: Prices): number {
  if (event.type === 'created') return priceOfCreate(request, prices);
  if (event.type === 'described') return prices.metadata;
  if (event.type !== 'looked') return 0;
  // A create whose answer never came is known of only when the post is found.
  return (event.reads ?? 0) * prices.postRead + (event.found ? priceOfCreate(request, prices) : 0);
}
