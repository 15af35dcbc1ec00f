import type { PostEvent } from './post-events.ts';
import type { PostState } from './vocabulary.ts';

/** What the followers of a post are told of a move. */
export function announce(before: PostState, after: PostState, at: number): PostEvent[] {
  const events: PostEvent[] = [];
  for (const [item, media] of after.media.entries()) {
    const was = before.media[item];
    if (!was) continue;
    for (const [reason, times] of Object.entries(media.restarts)) {
      if (times > (was.restarts[reason] ?? 0))
        events.push({ type: 'media.restarted', at, data: { item, reason } });
    }
    for (const message of media.warnings.slice(was.warnings.length)) {
      events.push({ type: 'media.warned', at, data: { item, message } });
    }
    if (media.step !== was.step)
      events.push({ type: 'media.advanced', at, data: { item, step: media.step } });
    if (media.trouble !== null && media.notBefore > was.notBefore) {
      events.push({
        type: 'post.retrying',
        at,
        data: { item, message: media.trouble, until: media.notBefore },
      });
    }
  }
  if (
    after.hold?.reason === 'backoff' &&
    after.hold.until !== null &&
    after.hold.until !== before.hold?.until
  ) {
    events.push({
      type: 'post.retrying',
      at,
      data: { item: null, message: after.hold.detail ?? '', until: after.hold.until },
    });
  }
  if (after.status !== before.status) {
    const data = {
      ...(after.failure ? { failure: after.failure } : {}),
      ...(after.published ? { xPostId: after.published.xPostId } : {}),
    };
    events.push({ type: `post.${after.status}`, at, data });
  }
  const { waiting } = after;
  if (waiting && (waiting.reason !== before.waiting?.reason || waiting.cause !== before.waiting.cause)) {
    events.push({ type: 'post.waiting', at, data: waiting });
  }
  return events;
}
