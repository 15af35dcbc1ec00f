import type { CreatePostInput } from '@slipway/x-media';
import { type PostRequest, type PostState, type StepEvent, freshnessMs } from '../core/index.ts';
import type { Effect } from './effect.ts';

/**
 * The one call that must not happen twice. Its intent is on disk before it starts, and nothing below this line repeats it.
 * A worker that was held up between the two does not make it: by now another one may be looking for its outcome.
 */
export async function create(effect: Effect<{ do: 'create' }>): Promise<StepEvent> {
  const { clock, policy, random } = effect.world;
  const { intent } = effect.state.publish;
  if (!intent) throw new Error('a create needs an intent');
  const lateMs = clock.now() - intent.startedAt - freshnessMs(policy);
  if (lateMs > 0) {
    const message = `The worker was held up for ${lateMs} ms too long before the call; it was not made.`;
    return { type: 'called_off', at: clock.now(), message, jitter: random() };
  }
  const { data } = await effect.x.posts.create(postInputOf(effect.request, effect.state), {
    signal: effect.signal,
    timeoutMs: policy.createTimeoutMs,
  });
  return { type: 'created', at: clock.now(), xPostId: data.id };
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
