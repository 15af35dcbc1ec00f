import { IF_LATE, MEDIA_CATEGORIES, ON_UNKNOWN, REPLY_SETTINGS, RETRY_FROM } from '@slipway/pipeline/core';
import { z } from 'zod';
import { checkWhole } from './check-post.ts';
import type { FieldIssue } from './field-errors.ts';
import { checkInstant } from './instants.ts';
import { resolveLocalTime } from './local-times.ts';

const ALT_TEXT_MAX = 1000;

/** Half of a surrogate pair passes JSON but is not text: it would be stored as something else than was sent. */
const text = () =>
  z.string().check(
    refuse((value) => !value.isWellFormed(), 'invalid_unicode', {
      message: 'The text has half of a surrogate pair in it, which is no character.',
      hint: 'Send whole characters; the text was probably cut in the middle of an emoji.',
    }),
  );

const X_ID = /^[0-9]{1,19}$/;
const xId = () =>
  z
    .string()
    .check(
      refuse((value) => !X_ID.test(value), 'invalid_format', {
        message: 'This is not an id of X.',
        hint: 'Ids of X are 1 to 19 digits, sent as a string.',
      }),
    )
    .meta({ pattern: X_ID.source });

const mediaRequestSchema = z
  .strictObject({
    bucket: z.string().min(1).max(255).describe('Name of the S3 bucket.'),
    key: text().min(1).max(1024).describe('Key of the object in the bucket.'),
    versionId: z
      .string()
      .min(1)
      .max(1024)
      .optional()
      .describe('Version of the object. Without it, the version that is current when Slipway first looks.'),
    altText: text()
      .check(
        refuse((value) => Array.from(value).length > ALT_TEXT_MAX, 'too_long', {
          message: `The alt text must have at most ${ALT_TEXT_MAX} characters.`,
          hint: 'Shorten it.',
        }),
      )
      .meta({ maxLength: ALT_TEXT_MAX })
      .optional()
      .describe('Description of the media for those who cannot see them, at most 1000 characters.'),
    category: z
      .enum(MEDIA_CATEGORIES)
      .optional()
      .describe(
        "X's media category. Without it, by the type of the object: images 5 MB, GIFs 15 MB, videos 512 MB.",
      ),
    ifChanged: z
      .enum(['fail', 'restart'])
      .default('fail')
      .describe(
        'When the object is replaced during the upload: `fail` the post, or `restart` with the new object.',
      ),
  })
  .meta({ id: 'MediaRequest', description: 'One object in S3.' });

export const postOptionsSchema = z
  .strictObject({
    replySettings: z.enum(REPLY_SETTINGS).optional().describe('Who may reply. Without it, everyone.'),
    madeWithAi: z.boolean().optional().describe('Label the post as made with AI.'),
    paidPartnership: z.boolean().optional().describe('Label the post as a paid partnership.'),
    inReplyToPostId: xId().optional().describe('The X post to reply to: its id on X, 1 to 19 digits.'),
    taggedUserIds: z.array(xId()).max(10).optional().describe('X users to tag in the media, at most 10.'),
    communityId: xId().optional().describe('The X community to post in.'),
    shareWithFollowers: z.boolean().optional().describe('With communityId: show the post to followers, too.'),
    forSuperFollowersOnly: z.boolean().optional().describe('Only for subscribers of the account.'),
    nullcast: z.boolean().optional().describe('A promoted-only post that does not appear on timelines.'),
    placeId: z.string().min(1).max(64).optional().describe("X's id of the place to attach."),
  })
  .meta({
    id: 'PostOptions',
    description: "X's own options, in X's meaning; what is left out is X's default.",
  });

export const NEXT_SLOT = 'next-slot';

const instant = z
  .string()
  .check((context) => {
    const problem = checkInstant(context.value);
    if (problem) report(context, problem);
  })
  .meta({ format: 'date-time' });

const localTimeSchema = z
  .strictObject({
    local: z
      .string()
      .max(32)
      .describe('Date and time on the clocks there, without an offset: 2026-12-01T09:00.'),
    timeZone: z.string().max(64).describe('IANA name of the time zone, such as Europe/Berlin.'),
    disambiguation: z
      .enum(['earlier', 'later'])
      .optional()
      .describe(
        'Where clocks are set and the time exists twice or not at all: the earlier or the later instant. Without it such a time is refused.',
      ),
  })
  .check((context) => {
    const resolved = resolveLocalTime(context.value);
    if ('issue' in resolved) report(context, resolved.issue, [resolved.issue.field]);
  })
  .meta({
    id: 'LocalTime',
    description: 'A time on the clocks of a place.',
    examples: [{ local: '2026-12-01T09:00', timeZone: 'Europe/Berlin' }],
  });

const publishAtSchema = z.union([instant, z.literal(NEXT_SLOT), localTimeSchema]);
/** A time as a caller gives it. Local times have been found to exist. */
export type GivenTime = z.output<typeof publishAtSchema>;

/** What `POST /v1/posts` and `PATCH /v1/posts/{id}` have in common. */
const fields = {
  text: text().describe(
    "The text: at most 280 by X's weighted count, in which a URL counts 23 and an emoji 2.",
  ),
  media: z.array(mediaRequestSchema).max(4).describe('Up to four images, or one GIF, or one video.'),
  publishAt: publishAtSchema
    .optional()
    .describe(
      "When to post: RFC 3339 with an offset or Z; or a local time with its zone; or `next-slot`, the next free slot of the account's calendar. Without it, as soon as possible. In the past: at once, with a warning.",
    ),
  ifLate: z
    .enum(IF_LATE)
    .describe(
      'When its time has passed, during an outage for instance: `publish` it late, or `skip` it once it is late by more than SLIPWAY_LATE_AFTER_MS; it then ends as missed.',
    ),
  onUnknown: z
    .enum(ON_UNKNOWN)
    .optional()
    .describe(
      'When X gives no clear answer to the creation and the post is not found on X either: `retry` creates it once more, `hold` leaves it to a person as unconfirmed. Without it, retry for a post with media, which X tells apart with certainty, and hold for one without.',
    ),
  options: postOptionsSchema,
};

/** The body of `POST /v1/posts`. */
export const createPostSchema = z
  .strictObject({
    account: z
      .string()
      .min(1)
      .max(64)
      .describe('The account to post as: its id (`acct_...`) or its `@username`.'),
    ...fields,
    text: fields.text.default(''),
    media: fields.media.default([]),
    ifLate: fields.ifLate.default('publish'),
    options: fields.options.default({}),
  })
  .check((context) => {
    for (const { path, code, detail, hint } of checkWhole(context.value)) {
      report(context, { code, message: detail, hint }, path.split('.'));
    }
  })
  .meta({
    id: 'CreatePost',
    description: 'A post to publish. Text or media is needed.',
    examples: [
      {
        account: '@acme',
        text: 'It is here.',
        media: [{ bucket: 'media', key: 'launch.mp4', altText: 'A ship leaves the slipway' }],
        publishAt: '2027-01-31T09:00:00+01:00',
        options: { replySettings: 'following' },
      },
    ],
  });

export type CreatePost = z.output<typeof createPostSchema>;

/** The body of `PATCH /v1/posts/{id}`. */
export const editPostSchema = z
  .strictObject({
    ...fields,
    text: fields.text.optional(),
    media: fields.media
      .optional()
      .describe('All media that the post is to have; what it has already is not uploaded again.'),
    publishAt: fields.publishAt.describe('When to post instead; as in POST /v1/posts.'),
    ifLate: fields.ifLate.optional(),
    options: fields.options.optional().describe('All options that the post is to have.'),
  })
  .check((context) => {
    const isEmpty = Object.values(context.value).every((value) => value === undefined);
    if (!isEmpty || context.issues.length > 0) return;
    report(context, {
      code: 'required',
      message: 'Nothing is to be changed.',
      hint: 'Send at least one of text, media, publishAt, options, ifLate and onUnknown.',
    });
  })
  .meta({
    id: 'EditPost',
    description: 'What is to be different; a field that is left out stays as it is.',
    examples: [{ publishAt: { local: '2027-01-31T10:00', timeZone: 'Europe/Berlin' } }],
  });

export type EditPost = z.output<typeof editPostSchema>;

/** The body of `POST /v1/posts/{id}/retry`; it may be left out. */
export const retrySchema = z
  .strictObject({
    from: z
      .enum(RETRY_FROM)
      .default('checkpoint')
      .describe(
        '`checkpoint` keeps what X has and does again only what failed; `start` looks at every object and uploads it anew.',
      ),
  })
  .meta({ id: 'RetryPost', description: 'From where to go on.', examples: [{ from: 'checkpoint' }] });

/** The body of `POST /v1/posts/{id}/resolve`. */
export const resolveSchema = z
  .discriminatedUnion('outcome', [
    z.strictObject({
      outcome: z.literal('published').describe('The post is on X.'),
      xPostId: xId().describe("X's id of the post: the digits at the end of its address."),
    }),
    z.strictObject({ outcome: z.literal('retry').describe('The post is not on X: create it.') }),
    z.strictObject({ outcome: z.literal('fail').describe('The post is not on X: give it up.') }),
  ])
  .meta({
    id: 'ResolvePost',
    description: 'What a person found out by looking at the account on X.',
    examples: [{ outcome: 'published', xPostId: '1880028106020515840' }],
  });

type Context<T> = z.core.ParsePayload<T>;

function report<T>(
  context: Context<T>,
  { code, message, hint }: FieldIssue & { message: string },
  path: PropertyKey[] = [],
): void {
  const params: FieldIssue = { code, hint };
  context.issues.push({ code: 'custom', message, params: { ...params }, path, input: context.value });
}

function refuse(
  isWrong: (value: string) => boolean,
  code: FieldIssue['code'],
  words: { message: string; hint: string },
): (context: Context<string>) => void {
  return (context) => {
    if (isWrong(context.value)) report(context, { code, ...words });
  };
}
