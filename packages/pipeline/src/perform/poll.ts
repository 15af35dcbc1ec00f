import type { Action, StepEvent } from '../core/index.ts';
import type { Effect } from './effect.ts';
import { reportOf } from './upload-answers.ts';

/** One look at the processing of an upload. Between two looks the post is in nobody's hands. */
export async function poll(effect: Effect<Action & { do: 'poll' }>): Promise<StepEvent> {
  const { item, mediaId } = effect.action;
  const { data } = await effect.x.media.status({ mediaId }, { signal: effect.signal });
  return {
    type: 'polled',
    at: effect.world.clock.now(),
    item,
    mediaId,
    processing: reportOf(data.processing),
  };
}
