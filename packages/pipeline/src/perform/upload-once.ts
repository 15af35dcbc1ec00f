import type { Action, StepEvent } from '../core/index.ts';
import { type Effect, sourceOf } from './effect.ts';
import { expiryOf, reportOf } from './upload-answers.ts';

/** A small image in a single request. Repeating it leaves an unused id behind, no more. */
export async function uploadOnce(effect: Effect<Action & { do: 'upload_once' }>): Promise<StepEvent> {
  const { name, source } = sourceOf(effect);
  const whole = { offset: 0, bytes: source.bytes };
  const stream = await effect.world.objects.read(name, source, whole, effect.signal);
  const { data } = await effect.x.media.upload(
    {
      media: { stream, byteLength: source.bytes },
      mediaCategory: 'tweet_image',
      encoding: effect.action.encoding,
      onBytes: effect.onBytes,
    },
    { signal: effect.signal },
  );
  const at = effect.world.clock.now();
  return {
    type: 'uploaded_once',
    at,
    item: effect.action.item,
    mediaId: data.id,
    mediaKey: data.mediaKey ?? null,
    expiresAt: expiryOf(at, data.expiresAfterSecs),
    processing: reportOf(data.processing),
  };
}
