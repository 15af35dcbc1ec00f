import { z } from 'zod';
import { acknowledge, requireData } from './answer.ts';
import type { Authority } from './authorize.ts';
import { checkInputOf } from './check.ts';
import { endpoints } from './endpoints.ts';
import { compact, id, text } from './lenient.ts';
import { withDeleted } from './media-schemas.ts';
import type { CallToAction, CreatedPost, CreatePostInput, PostCalls, PostMedia } from './post-types.ts';
import { jsonBody } from './request-body.ts';
import type { Transport } from './transport.ts';

/** X answers with either name of the edit history, depending on the version of its API. */
const ids = z
  .array(id)
  .optional()
  .catch(() => undefined);
const createdPost = z
  .object({ id, text, edit_history_post_ids: ids, edit_history_tweet_ids: ids })
  .transform((data): CreatedPost =>
    compact({
      id: data.id,
      text: data.text,
      editHistoryIds: data.edit_history_post_ids ?? data.edit_history_tweet_ids,
    }),
  );

export function createPostCalls({ send }: Transport, authority: Authority): PostCalls {
  return {
    async create(input, options) {
      const endpoint = endpoints.createPost;
      checkPost(input);
      const body = jsonBody(writePost(input));
      return requireData(await send({ endpoint, body, authority, options }), createdPost, (post) => post);
    },

    async delete({ postId }, options) {
      const endpoint = endpoints.deletePost;
      checkInputOf(endpoint).id('postId', postId);
      const answer = await send({ endpoint, id: postId, authority, options });
      return acknowledge(answer, withDeleted, (data) => ({ deleted: data?.deleted ?? true }));
    },
  };
}

function checkPost(input: CreatePostInput): void {
  const check = checkInputOf(endpoints.createPost);
  const { media, poll, quotePostId, cardUri, directMessageDeepLink } = input;
  const attachments = Object.entries({ media, poll, quotePostId, cardUri, directMessageDeepLink });
  const given = attachments.filter(([, value]) => value !== undefined).map(([name]) => name);
  const [, second] = given;
  if (second !== undefined) check.refuse(second, `cannot be combined with ${given[0]}`);
  if (given.length === 0 && (input.text ?? '') === '')
    check.refuse('text', 'is needed without an attachment');
  check.size('media.mediaIds', media?.mediaIds, 1, 4);
  check.ids('media.mediaIds', media?.mediaIds);
  check.size('media.taggedUserIds', media?.taggedUserIds, 0, 10);
  check.ids('media.taggedUserIds', media?.taggedUserIds);
  check.id('media.previewMediaId', media?.previewMediaId);
  check.id('reply.inReplyToPostId', input.reply?.inReplyToPostId);
  check.ids('reply.excludeReplyUserIds', input.reply?.excludeReplyUserIds);
  check.id('quotePostId', quotePostId);
  check.id('communityId', input.communityId);
  check.id('editOptions.previousPostId', input.editOptions?.previousPostId);
  check.size('poll.options', poll?.options, 2, 4);
  check.integer('poll.durationMinutes', poll?.durationMinutes, 5, 10_080);
}

function writePost(input: CreatePostInput): object {
  const { media, reply, poll, geo, editOptions } = input;
  return {
    text: input.text,
    media: media && writeMedia(media),
    reply: reply && {
      in_reply_to_tweet_id: reply.inReplyToPostId,
      exclude_reply_user_ids: reply.excludeReplyUserIds,
      auto_populate_reply_metadata: reply.autoPopulateReplyMetadata,
    },
    quote_tweet_id: input.quotePostId,
    poll: poll && {
      options: poll.options,
      duration_minutes: poll.durationMinutes,
      reply_settings: poll.replySettings,
    },
    reply_settings: input.replySettings,
    for_super_followers_only: input.forSuperFollowersOnly,
    share_with_followers: input.shareWithFollowers,
    nullcast: input.nullcast,
    made_with_ai: input.madeWithAi,
    paid_partnership: input.paidPartnership,
    geo: geo && { place_id: geo.placeId },
    community_id: input.communityId,
    card_uri: input.cardUri,
    direct_message_deep_link: input.directMessageDeepLink,
    edit_options: editOptions && { previous_post_id: editOptions.previousPostId },
  };
}

function writeMedia(media: PostMedia): object {
  return {
    media_ids: media.mediaIds,
    tagged_user_ids: media.taggedUserIds,
    title: media.title,
    description: media.description,
    embeddable: media.embeddable,
    preview_media_id: media.previewMediaId,
    call_to_actions: media.callToActions && writeCallToAction(media.callToActions),
  };
}

function writeCallToAction(action: CallToAction): object {
  if ('visitSite' in action) return { visit_site: action.visitSite };
  if ('watchNow' in action) return { watch_now: action.watchNow };
  const { appStoreId, ipadAppStoreId, playStoreId } = action.appInstall;
  return {
    app_install: { app_store_id: appStoreId, ipad_app_store_id: ipadAppStoreId, play_store_id: playStoreId },
  };
}
