import type { Action, StepEvent } from '../core/index.ts';
import { type Effect, mediaOf } from './effect.ts';

/** Sets the alt text; setting it twice overwrites. It must be there before the post is created. */
export async function describe(effect: Effect<Action & { do: 'describe' }>): Promise<StepEvent> {
  const { item, mediaId } = effect.action;
  const { media } = mediaOf(effect);
  await effect.x.media.setMetadata({ mediaId, altText: media.altText ?? '' }, { signal: effect.signal });
  return { type: 'described', at: effect.world.clock.now(), item, mediaId };
}
