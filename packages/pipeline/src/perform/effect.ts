import type { XAccountClient } from '@slipway/x-media';
import type { Action, MediaRequest, MediaState, PostRequest, PostState, Source } from '../core/index.ts';
import type { World } from '../world.ts';

/** What an effect is given: the action, the post as it was when the action was decided, and the world. */
export interface Effect<A extends Action> {
  action: A;
  request: PostRequest;
  state: PostState;
  world: World;
  /** X, as the post's account. */
  x: XAccountClient;
  /** Aborting it makes the effect reject. */
  signal: AbortSignal;
  /** Media bytes of this action that went out, as they go. */
  onBytes: (bytes: number) => void;
}

export function mediaOf(effect: Pick<Effect<Action & { item: number }>, 'action' | 'request' | 'state'>): {
  media: MediaRequest;
  state: MediaState;
} {
  const media = effect.request.media[effect.action.item];
  const state = effect.state.media[effect.action.item];
  if (!media || !state) throw new Error(`the post has no media item ${effect.action.item}`);
  return { media, state };
}

/**
 * The item with its pinned source. The object is named as its caller named it and pinned by its ETag: to read a version by
 * its id takes a permission of its own.
 */
export function sourceOf(effect: Effect<Action & { item: number }>): {
  name: { bucket: string; key: string; versionId: string | null };
  source: Source;
  state: MediaState;
} {
  const { media, state } = mediaOf(effect);
  if (!state.source) throw new Error(`media item ${effect.action.item} was not inspected`);
  return {
    name: { bucket: media.bucket, key: media.key, versionId: media.versionId },
    source: state.source,
    state,
  };
}
