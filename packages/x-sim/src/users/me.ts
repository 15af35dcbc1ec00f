import { userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import { describePost, postView } from '../posts/render.ts';
import type { World } from '../world.ts';
import { describeUser } from './describe.ts';

/** GET /2/users/me; the newest post can be expanded under its old and its new name. */
export function readMe(world: World, call: Call): Reply {
  const user = userOf(call);
  const view = postView(call);
  const data = describeUser(user, view.userFields);
  const field = ['most_recent_post_id', 'most_recent_tweet_id'].find(
    (name) => view.expansions.has(name) || view.userFields.has(name),
  );
  const visibleBefore = call.now - world.config.timelineLagMs;
  const newest = world.postsByUser
    .get(user.id)
    ?.findLast(
      (post) =>
        post.deletedAt === undefined && !post.isHiddenFromTimelines && post.createdAt <= visibleBefore,
    );
  if (field === undefined || newest === undefined) return answer({ data });
  return answer({
    data: { ...data, [field]: newest.id },
    includes: {
      [world.config.vocabulary === 'old' ? 'tweets' : 'posts']: [describePost(world, newest, view)],
    },
  });
}
