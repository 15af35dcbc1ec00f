import { isTimeline } from '../faults/fault.ts';
import type { Call } from '../http/call.ts';
import { notFoundError, refuseInvalid } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import type { Post } from './post.ts';
import { describeIncludes, describePost, postView } from './render.ts';
import { readTimelineQuery } from './timeline-query.ts';

/** Timelines reach this far back; less when replies are left out. */
const DEPTH = 3200;
const DEPTH_WITHOUT_REPLIES = 800;

/** GET /2/users/{id}/tweets, newest first. */
export function readTimeline(world: World, call: Call): Reply {
  const userId = call.params['id'] ?? '';
  const query = readTimelineQuery(world.config.vocabulary, call.query);
  if (!world.accounts.users.has(userId))
    return answer({
      errors: [notFoundError(world.config.vocabulary, { type: 'user', parameter: 'id', value: userId })],
    });
  const fault = world.faults.take(isTimeline, {
    operation: call.operation,
    userId,
    mediaIds: [],
  })?.timeline;
  if (fault === 'empty') return answer({ meta: { result_count: 0 } });
  const visibleBefore = call.now - (fault?.lagMs ?? world.config.timelineLagMs);

  const page: Post[] = [];
  const posts = world.postsByUser.get(userId) ?? [];
  let isMore = false;
  let seen = 0;
  const depth = query.excludesReplies ? DEPTH_WITHOUT_REPLIES : DEPTH;
  for (let at = posts.length - 1; at >= 0; at -= 1) {
    const post = posts[at];
    if (post === undefined || seen >= depth) break;
    if (!isVisible(post, visibleBefore)) continue;
    seen += 1;
    const id = BigInt(post.id);
    if (id <= query.afterId || post.createdAt < query.fromMs) break;
    if (id >= query.beforeId || post.createdAt >= query.toMs) continue;
    if (query.excludesReplies && post.inReplyToId !== undefined) continue;
    if (page.length === query.maxResults) {
      isMore = true;
      break;
    }
    page.push(post);
  }

  const view = postView(call);
  const includes = describeIncludes(world, page, view);
  const [newest] = page;
  const oldest = page.at(-1);
  return answer({
    ...(page.length === 0 ? {} : { data: page.map((post) => describePost(world, post, view)) }),
    ...(includes === undefined ? {} : { includes }),
    meta: {
      result_count: page.length,
      ...(newest === undefined || oldest === undefined ? {} : { newest_id: newest.id, oldest_id: oldest.id }),
      ...(isMore && oldest !== undefined ? { next_token: query.tokenAfter(oldest.id) } : {}),
    },
  });
}

function isVisible(post: Post, visibleBefore: number): boolean {
  return (
    post.deletedAt === undefined &&
    post.replacedById === undefined &&
    !post.isHiddenFromTimelines &&
    post.createdAt <= visibleBefore
  );
}

/** GET /2/tweets?ids= */
export function lookUpPosts(world: World, call: Call): Reply {
  const ids = (call.query.get('ids') ?? '').split(',').filter((id) => id !== '');
  if (ids.length === 0 || ids.length > 100)
    refuseInvalid(
      world.config.vocabulary,
      `The number of values in the \`ids\` query parameter list [${ids.length}] is not between 1 and 100`,
    );
  const { found, errors } = findPosts(world, ids, 'ids');
  const view = postView(call);
  const includes = describeIncludes(world, found, view);
  return answer({
    ...(found.length === 0 ? {} : { data: found.map((post) => describePost(world, post, view)) }),
    ...(includes === undefined ? {} : { includes }),
    ...(errors.length === 0 ? {} : { errors }),
  });
}

/** GET /2/tweets/{id} */
export function lookUpOnePost(world: World, call: Call): Reply {
  const { found, errors } = findPosts(world, [call.params['id'] ?? ''], 'id');
  const [post] = found;
  if (post === undefined) return answer({ errors });
  const view = postView(call);
  const includes = describeIncludes(world, found, view);
  return answer({
    data: describePost(world, post, view),
    ...(includes === undefined ? {} : { includes }),
  });
}

function findPosts(world: World, ids: readonly string[], parameter: string) {
  const found: Post[] = [];
  const errors: ReturnType<typeof notFoundError>[] = [];
  for (const id of ids) {
    const post = world.posts.get(id);
    if (post !== undefined && post.deletedAt === undefined) found.push(post);
    else errors.push(notFoundError(world.config.vocabulary, { type: 'tweet', parameter, value: id }));
  }
  return { found, errors };
}
