import type { Action, StepEvent } from '../core/index.ts';
import type { Effect } from './effect.ts';
import { expiryOf, reportOf } from './upload-answers.ts';

/** Tells X that all segments are there; X checks their sum and, for anything that moves, starts processing. */
export async function finalize(effect: Effect<Action & { do: 'finalize' }>): Promise<StepEvent> {
  const { item, mediaId } = effect.action;
  const { data } = await effect.x.media.finalize({ mediaId }, { signal: effect.signal });
  const at = effect.world.clock.now();
  const expiresAt = data.expiresAfterSecs === undefined ? null : expiryOf(at, data.expiresAfterSecs);
  return { type: 'finalized', at, item, mediaId, expiresAt, processing: reportOf(data.processing) };
}
