import type { SimConfig } from '../config.ts';
import { describeReadMedia } from '../media/lookup.ts';
import type { Call } from '../http/call.ts';
import { describeUser } from '../users/describe.ts';
import type { World } from '../world.ts';
import type { Post } from './post.ts';
import { renderText } from './text.ts';

type Vocabulary = SimConfig['vocabulary'];

export function editHistoryField(vocabulary: Vocabulary): string {
  return vocabulary === 'old' ? 'edit_history_tweet_ids' : 'edit_history_post_ids';
}

/** The text as X shows it. */
export function renderedText(world: Pick<World, 'config'>, post: Post): string {
  return world.config.textRendering === 'tco' ? renderText(post.text, post.mediaKeys) : post.text;
}

/** What a read asks for beside the default fields. Both spellings of `post.fields` and its expansions are taken. */
export interface PostView {
  fields: ReadonlySet<string>;
  expansions: ReadonlySet<string>;
  userFields: ReadonlySet<string>;
  mediaFields: ReadonlySet<string>;
}

export function postView(call: Call): PostView {
  const list = (name: string) => (call.query.get(name) ?? '').split(',').filter((value) => value !== '');
  return {
    fields: new Set([...list('tweet.fields'), ...list('post.fields')]),
    expansions: new Set(list('expansions')),
    userFields: new Set(list('user.fields')),
    mediaFields: new Set(list('media.fields')),
  };
}

export function describePost(world: World, post: Post, view: PostView): Record<string, unknown> {
  const { vocabulary } = world.config;
  const wantsMedia = view.fields.has('attachments') || view.expansions.has('attachments.media_keys');
  const references = [
    ...(post.inReplyToId === undefined ? [] : [{ type: 'replied_to', id: post.inReplyToId }]),
    ...(post.quotedId === undefined ? [] : [{ type: 'quoted', id: post.quotedId }]),
  ];
  const referenceField = vocabulary === 'old' ? 'referenced_tweets' : 'referenced_posts';
  const wantsReferences = ['referenced_tweets', 'referenced_posts', 'referenced_tweets.id'].some(
    (name) => view.fields.has(name) || view.expansions.has(name),
  );
  return {
    id: post.id,
    text: renderedText(world, post),
    [editHistoryField(vocabulary)]: post.editHistory,
    ...(wantsMedia && post.mediaKeys.length > 0 ? { attachments: { media_keys: post.mediaKeys } } : {}),
    ...(view.fields.has('author_id') || view.expansions.has('author_id') ? { author_id: post.userId } : {}),
    ...(view.fields.has('created_at') ? { created_at: new Date(post.createdAt).toISOString() } : {}),
    ...(view.fields.has('conversation_id') ? { conversation_id: conversationOf(world, post) } : {}),
    ...(wantsReferences && references.length > 0 ? { [referenceField]: references } : {}),
    ...(view.fields.has('reply_settings')
      ? { reply_settings: post.options['reply_settings'] ?? 'everyone' }
      : {}),
  };
}

/** The `includes` of a page of posts; undefined when nothing was asked for. */
export function describeIncludes(
  world: World,
  posts: readonly Post[],
  view: PostView,
): Record<string, unknown> | undefined {
  const includes: Record<string, unknown> = {};
  if (view.expansions.has('attachments.media_keys')) {
    const uploads = [...new Set(posts.flatMap((post) => post.mediaKeys))].flatMap(
      (key) => world.uploadsByKey.get(key) ?? [],
    );
    if (uploads.length > 0)
      includes['media'] = uploads.map((upload) => describeReadMedia(upload, view.mediaFields));
  }
  if (view.expansions.has('author_id')) {
    const users = [...new Set(posts.map((post) => post.userId))].flatMap(
      (id) => world.accounts.users.get(id) ?? [],
    );
    if (users.length > 0) includes['users'] = users.map((user) => describeUser(user, view.userFields));
  }
  return Object.keys(includes).length === 0 ? undefined : includes;
}

function conversationOf(world: World, post: Post): string {
  let root = post;
  for (;;) {
    const parent = root.inReplyToId === undefined ? undefined : world.posts.get(root.inReplyToId);
    if (parent === undefined) return root.id;
    root = parent;
  }
}
