import { z } from 'zod';
import { openEnvelope, rejectWithout, requireData, wrap } from './answer.ts';
import type { Authority } from './authorize.ts';
import { checkInputOf } from './check.ts';
import { endpoints } from './endpoints.ts';
import { compact, count, flag, id, listOf, part, text } from './lenient.ts';
import type { Transport } from './transport.ts';
import type { Timeline, TimelinePost, UserCalls, XUser } from './user-types.ts';

const USER_FIELDS = [
  'username',
  'verified',
  'verified_type',
  'subscription_type',
  'protected',
  'profile_image_url',
];

const optionalId = id.optional().catch(() => undefined);

const user = z
  .object({
    id,
    name: text,
    username: text,
    verified: flag,
    verified_type: text,
    subscription_type: text,
    protected: flag,
    profile_image_url: text,
    most_recent_post_id: optionalId,
    most_recent_tweet_id: optionalId,
  })
  .transform((data): XUser =>
    compact({
      id: data.id,
      name: data.name,
      username: data.username,
      verified: data.verified,
      verifiedType: data.verified_type,
      subscriptionType: data.subscription_type,
      protected: data.protected,
      profileImageUrl: data.profile_image_url,
      mostRecentPostId: data.most_recent_post_id ?? data.most_recent_tweet_id,
    }),
  );

const longPost = part({ text });

const timelinePost = z
  .object({
    id,
    text,
    attachments: part({ media_keys: listOf(z.string()) }),
    note_post: longPost,
    note_tweet: longPost,
  })
  .transform((data): TimelinePost =>
    compact({
      id: data.id,
      text: data.text,
      mediaKeys: data.attachments?.media_keys ?? [],
      longText: data.note_post?.text ?? data.note_tweet?.text,
    }),
  );

// Strict where it matters: a post that cannot be read must not pass for one that is not there.
const posts = z.array(timelinePost).nullish();
const meta = z.object({ next_token: text, result_count: count }).optional();

export function createUserCalls({ send }: Transport, authority: Authority): UserCalls {
  return {
    async me({ userFields = USER_FIELDS, expansions = [] } = {}, options) {
      const query = {
        'user.fields': userFields.join(',') || undefined,
        expansions: expansions.join(',') || undefined,
      };
      const answer = await send({ endpoint: endpoints.me, query, authority, options });
      return requireData(answer, user, (data) => data);
    },

    async timeline({ userId, sinceId, untilId, startTime, endTime, maxResults, ...rest }, options) {
      const endpoint = endpoints.timeline;
      const check = checkInputOf(endpoint);
      check.id('userId', userId);
      check.id('sinceId', sinceId);
      check.id('untilId', untilId);
      check.integer('maxResults', maxResults, 5, 100);
      const query = {
        max_results: maxResults,
        since_id: sinceId,
        until_id: untilId,
        start_time: startTime === undefined ? undefined : check.time('startTime', startTime),
        end_time: endTime === undefined ? undefined : check.time('endTime', endTime),
        pagination_token: rest.paginationToken,
        exclude: rest.exclude?.join(',') || undefined,
        expansions: 'attachments.media_keys',
        'media.fields': 'media_key',
      };
      const answer = await send({ endpoint, id: userId, query, authority, options });
      const page = openEnvelope(answer);
      const found = posts.safeParse(page.data);
      const about = meta.safeParse(page.meta ?? undefined);
      // An empty page has `meta` and no `data`; an answer with neither says nothing about the timeline.
      const isEmptyPage = found.data === undefined && about.data === undefined;
      if (!found.success || !about.success || isEmptyPage) throw rejectWithout(answer);
      const timeline: Timeline = compact({
        posts: found.data ?? [],
        nextToken: about.data?.next_token,
        resultCount: about.data?.result_count,
      });
      return wrap(answer, timeline);
    },
  };
}
