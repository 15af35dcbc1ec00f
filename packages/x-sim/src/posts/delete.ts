import { X_TEXTS } from '../faults/answers.ts';
import { userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { refuseBlank } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';

/** DELETE /2/tweets/{id}: one's own posts; all versions of an edited post go together. */
export function deletePost(world: World, call: Call): Reply {
  const user = userOf(call);
  const post = world.posts.get(call.params['id'] ?? '');
  if (post === undefined || post.deletedAt !== undefined) return refuseBlank(404);
  if (post.userId !== user.id) return refuseBlank(403, X_TEXTS.notPermitted);
  const firstId = post.editHistory[0];
  for (const version of world.postsByUser.get(user.id) ?? [])
    if (version.editHistory[0] === firstId) version.deletedAt = call.now;
  world.changed();
  return answer({ data: { deleted: true } });
}
