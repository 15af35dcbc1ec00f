import type { CreatePostInput } from '@slipway/x-media';
import type { PostRequest, PostState, StepEvent } from '../core/index.ts';
import type { Effect } from './effect.ts';

/** The one call that must not happen twice. Its intent is on disk before it starts, and nothing below this line repeats it. */
export async function create(effect: Effect<{ do: 'create' }>): Promise<StepEvent> {
  const { data } = await effect.x.posts.create(postInputOf(effect.request, effect.state), {
    signal: effect.signal,
    timeoutMs: effect.world.policy.createTimeoutMs,
  });
  return { type: 'created', at: effect.world.clock.now(), xPostId: data.id };
}

function postInputOf({ text, options }: PostRequest, { media }: PostState): CreatePostInput {
  const mediaIds = media.flatMap(({ upload }) => (upload ? [upload.mediaId] : []));
  const { inReplyToPostId, taggedUserIds, placeId, ...same } = options;
  return {
    ...same,
    ...(text === '' ? {} : { text }),
    ...(mediaIds.length > 0 ? { media: { mediaIds, ...(taggedUserIds ? { taggedUserIds } : {}) } } : {}),
    ...(inReplyToPostId ? { reply: { inReplyToPostId } } : {}),
    ...(placeId ? { geo: { placeId } } : {}),
  };
}
