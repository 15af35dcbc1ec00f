import type { User } from '../accounts.ts';
import { X_TEXTS } from '../faults/answers.ts';
import { jsonBody, userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { parseBody, refuseBlank, refuseInvalid } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import { isPremium } from '../accounts.ts';
import type { World } from '../world.ts';
import { attachableMedia } from './attachable.ts';
import { createPostSchema } from './create-schema.ts';
import type { CreatePostRequest } from './create-schema.ts';
import type { Post } from './post.ts';
import { editHistoryField, renderedText } from './render.ts';
import { countCashtags, isWithinLength, mentions } from './text.ts';

const EXCLUSIVE = ['poll', 'quote_tweet_id', 'direct_message_deep_link', 'media', 'card_uri'] as const;
/** X docs, changelog 2025-10: one hour; the edit page says 30 minutes and 5 edits. The stricter one of each. */
const EDIT_WINDOW_MS = 30 * 60_000;
const MAX_VERSIONS = 6;

/** POST /2/tweets. Checks everything before it changes anything. */
export function createPost(world: World, call: Call): Reply {
  const { vocabulary } = world.config;
  const user = userOf(call);
  const request = parseBody(vocabulary, createPostSchema, jsonBody(world, call));
  requireContent(world, request);
  refuseText(user, request.text);
  const replaced = editedPost(world, user, request, call.now);
  refuseReply(world, user, request);
  if (request.quote_tweet_id !== undefined && world.config.quotes === 'forbidden')
    refuseBlank(403, X_TEXTS.notPermitted);
  const uploads = attachableMedia(world, user, request.media?.media_ids ?? [], call.now);
  if (world.postedTexts.isRecent(user.id, request.text, call.now, world.config.duplicateWindowMs))
    refuseBlank(403, X_TEXTS.duplicate);

  const { text, media, ...options } = request;
  const id = world.newId();
  const post: Post = {
    id,
    userId: user.id,
    text,
    mediaIds: uploads.map((upload) => upload.id),
    mediaKeys: uploads.map((upload) => upload.mediaKey),
    createdAt: call.now,
    receivedAt: call.receivedAt,
    options: media === undefined ? options : { ...options, ...mediaOptions(media) },
    ...(request.reply === undefined ? {} : { inReplyToId: request.reply.in_reply_to_tweet_id }),
    ...(request.quote_tweet_id === undefined ? {} : { quotedId: request.quote_tweet_id }),
    editHistory: [...(replaced?.editHistory ?? []), id],
    isHiddenFromTimelines: request.nullcast === true,
  };
  store(world, post);
  if (replaced !== undefined) replaced.replacedById = id;
  for (const upload of uploads) upload.postIds.push(id);
  world.changed();
  return answer(
    { data: { id, text: renderedText(world, post), [editHistoryField(vocabulary)]: post.editHistory } },
    201,
  );
}

function store(world: World, post: Post): void {
  world.posts.set(post.id, post);
  const list = world.postsByUser.get(post.userId);
  if (list === undefined) world.postsByUser.set(post.userId, [post]);
  else list.push(post);
  world.postedTexts.remember(post.userId, post.text, post.createdAt);
}

function mediaOptions(media: NonNullable<CreatePostRequest['media']>) {
  const { media_ids: _ids, ...rest } = media;
  return Object.keys(rest).length === 0 ? {} : { media: rest };
}

function requireContent(world: World, request: CreatePostRequest): void {
  const { vocabulary } = world.config;
  const given = EXCLUSIVE.filter((field) => request[field] !== undefined);
  if (given.length > 1)
    refuseInvalid(
      vocabulary,
      'You can only provide one of poll or quote_tweet_id or direct_message_deep_link or media or card_uri.',
    );
  if (request.text === '' && request.media === undefined && request.card_uri === undefined)
    refuseInvalid(vocabulary, '$.text: is missing but it is required');
}

function refuseText(user: User, text: string): void {
  if (!isWithinLength(text, isPremium(user))) refuseBlank(403, X_TEXTS.notPermitted);
  if (countCashtags(text) > 1) refuseBlank(403, 'A post may contain a maximum of one cashtag.');
}

/** Self-serve apps may reply to their user's own posts and to those whose author mentioned or quoted the user. */
function refuseReply(world: World, user: User, request: CreatePostRequest): void {
  if (request.reply === undefined) return;
  const target = world.posts.get(request.reply.in_reply_to_tweet_id);
  if (target === undefined || target.deletedAt !== undefined)
    return refuseBlank(403, 'You attempted to reply to a Tweet that is deleted or not visible to you.');
  if (target.userId === user.id) return;
  const quotesUser = target.quotedId !== undefined && world.posts.get(target.quotedId)?.userId === user.id;
  if (!mentions(target.text, user.username) && !quotesUser) refuseBlank(403, X_TEXTS.replyNotAllowed);
}

function editedPost(world: World, user: User, request: CreatePostRequest, now: number): Post | undefined {
  if (request.edit_options === undefined) return undefined;
  const previous = world.posts.get(request.edit_options.previous_post_id);
  const first = previous === undefined ? undefined : world.posts.get(previous.editHistory[0] ?? '');
  const isEditable =
    previous !== undefined &&
    first !== undefined &&
    previous.userId === user.id &&
    isPremium(user) &&
    previous.deletedAt === undefined &&
    previous.replacedById === undefined &&
    previous.editHistory.length < MAX_VERSIONS &&
    now <= first.createdAt + EDIT_WINDOW_MS;
  return isEditable ? previous : refuseBlank(403, X_TEXTS.notPermitted);
}
