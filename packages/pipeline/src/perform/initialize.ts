import type { StepEvent } from '../core/index.ts';
import { type Effect, sourceOf } from './effect.ts';
import { expiryOf } from './upload-answers.ts';

/** Opens an upload session at X. Repeating it is harmless: a session that nobody finishes expires. */
export async function initialize(effect: Effect<{ do: 'initialize'; item: number }>): Promise<StepEvent> {
  const { source, state } = sourceOf(effect);
  if (!state.category) throw new Error('the category is chosen at inspection');
  const { data } = await effect.x.media.initialize(
    { mediaType: source.mediaType, mediaCategory: state.category, totalBytes: source.bytes },
    { signal: effect.signal },
  );
  const at = effect.world.clock.now();
  return {
    type: 'initialized',
    at,
    item: effect.action.item,
    mediaId: data.id,
    mediaKey: data.mediaKey ?? null,
    expiresAt: expiryOf(at, data.expiresAfterSecs),
  };
}
