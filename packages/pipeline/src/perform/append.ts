import type { Action, StepEvent } from '../core/index.ts';
import { type Effect, sourceOf } from './effect.ts';

/**
 * Pipes one segment from a ranged, pinned read of the object into the request to X; it is never held as a whole.
 * Sending the same segment again is X's own way to recover it. Source: X docs, chunked upload.
 */
export async function append(effect: Effect<Action & { do: 'append' }>): Promise<StepEvent> {
  const { name, source } = sourceOf(effect);
  const { item, mediaId, segment, encoding } = effect.action;
  const stream = await effect.world.objects.read(name, source, segment, effect.signal);
  await effect.x.media.append(
    {
      mediaId,
      segmentIndex: segment.index,
      media: { stream, byteLength: segment.bytes },
      encoding,
      onBytes: effect.onBytes,
    },
    { signal: effect.signal },
  );
  const checksum = stream.checksum();
  return { type: 'appended', at: effect.world.clock.now(), item, mediaId, segment: segment.index, checksum };
}
