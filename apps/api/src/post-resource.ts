import {
  FAILURE_CODES,
  IF_LATE,
  ON_UNKNOWN,
  FAILURE_STEPS,
  MEDIA_CATEGORIES,
  MEDIA_TYPES,
  STATUSES,
  STEPS,
  WAITING_REASONS,
  countAcknowledged,
  countSegments,
  onUnknownOf,
  segmentAt,
  toUsd,
  type Failure,
  type MediaRequest,
  type MediaState,
  type PostRecord,
  type PostState,
  type Waiting,
} from '@slipway/pipeline/core';
import { z } from 'zod';
import { formatInstant, instantSchema } from './instants.ts';
import { postOptionsSchema } from './post-request.ts';
import { fieldErrorSchema } from './problems.ts';

export const waitingSchema = z
  .strictObject({
    reason: z.enum(WAITING_REASONS).describe('Why the post is not being worked on.'),
    until: instantSchema
      .nullable()
      .describe('When it is looked at again; null: when somebody releases its account.'),
    detail: z.string().nullable().describe("X's own words, where X spoke."),
  })
  .meta({ id: 'Waiting', description: 'Why, and until when, a post is not being worked on.' });

export const failureSchema = z
  .strictObject({
    code: z.enum(FAILURE_CODES).describe('What programs should branch on; the list is closed.'),
    message: z.string().describe("What went wrong; X's own words where X spoke."),
    retryable: z.boolean().describe('Whether the same post, sent again as a new one, may succeed.'),
    step: z.enum(FAILURE_STEPS).describe('Where it went wrong.'),
    field: z.string().nullable().describe('The field of the request at fault, as a path: `media[0].key`.'),
    hint: z.string().describe('What to do about it.'),
    at: instantSchema.describe('When it went wrong.'),
  })
  .meta({ id: 'Failure', description: 'Why a post did not make it to X.' });

const costSchema = z
  .strictObject({
    estimatedUsd: z.number().min(0).describe('If all goes well, in US dollars.'),
    actualUsd: z.number().min(0).describe('So far, in US dollars. Only what X has done is billed.'),
  })
  .meta({ id: 'Cost', description: 'What X charges for the post, by the prices of the configuration.' });

const doubtSchema = z
  .strictObject({
    since: instantSchema.describe('The post was not created before this.'),
    reason: z.string().describe("Why it is not known: X's own words, where X spoke."),
    nextLookAt: instantSchema.describe("When the account's timeline is read next."),
    looksLeft: z.int().min(0).describe('How often it is read before the post counts as not there.'),
  })
  .meta({ id: 'Doubt', description: 'It is not known whether X has made the post; it is looked for.' });

const mediaSchema = z
  .strictObject({
    bucket: z.string().describe('Name of the S3 bucket.'),
    key: z.string().describe('Key of the object.'),
    versionId: z
      .string()
      .nullable()
      .describe('Version of the object: the one asked for, or the one that was pinned.'),
    altText: z.string().nullable().describe('Description for those who cannot see it.'),
    category: z
      .enum(MEDIA_CATEGORIES)
      .nullable()
      .describe("X's media category; null until it is asked for or found out."),
    step: z.enum(STEPS).describe('Where it stands. `ready`: on X, described, and waiting for its post.'),
    type: z
      .enum(MEDIA_TYPES)
      .nullable()
      .describe('What the bytes of the object are, whatever its name says.'),
    bytes: z.int().min(0).nullable().describe('Size of the object, in bytes.'),
    width: z.int().nullable().describe('Width, in pixels.'),
    height: z.int().nullable().describe('Height, in pixels.'),
    durationMs: z.number().nullable().describe('Length of a video, in milliseconds.'),
    mediaKey: z.string().nullable().describe("X's media key."),
    bytesAcknowledged: z
      .int()
      .min(0)
      .describe('Bytes that X has acknowledged; after a crash, only the rest is sent.'),
    segments: z
      .strictObject({
        done: z.int().min(0).describe('Segments that X has acknowledged.'),
        total: z.int().min(0).describe('Segments of the upload, at most 1000.'),
      })
      .nullable()
      .describe('Progress of the upload in segments; null before it begins.'),
    trouble: z.string().nullable().describe('What went wrong last, while it is being tried again.'),
    warnings: z.array(z.string()).describe('What did not stop the post but is worth knowing.'),
  })
  .meta({ id: 'Media', description: 'One object in S3, and how far it has got.' });

const EXAMPLE = {
  id: 'post_01k9zq3v6h2m8d4t7w5x0c1b9n',
  account: 'acct_01k9zq3v6h2m8d4t7w5x0c1b9n',
  status: 'staging',
  text: 'It is here.',
  media: [
    {
      bucket: 'media',
      key: 'launch.mp4',
      versionId: null,
      altText: 'A ship leaves the slipway',
      category: 'tweet_video',
      step: 'append',
      type: 'video/mp4',
      bytes: 50_331_648,
      width: 1280,
      height: 720,
      durationMs: 31_000,
      mediaKey: '7_1880028106020515840',
      bytesAcknowledged: 16_777_216,
      segments: { done: 4, total: 12 },
      trouble: null,
      warnings: [],
    },
  ],
  options: { replySettings: 'following' },
  publishAt: '2027-01-31T08:00:00.000Z',
  publishAtLocal: { local: '2027-01-31T09:00', timeZone: 'Europe/Berlin' },
  createdAt: '2027-01-30T17:25:00.000Z',
  ifLate: 'publish',
  onUnknown: 'retry',
  waiting: null,
  doubt: null,
  failure: null,
  xPostId: null,
  url: null,
  publishedAt: null,
  cost: { estimatedUsd: 0.02, actualUsd: 0 },
  revision: 9,
};

export const postSchema = z
  .strictObject({
    id: z
      .string()
      .describe('`post_` and 26 characters.')
      .meta({ examples: ['post_01k9zq3v6h2m8d4t7w5x0c1b9n'] }),
    account: z
      .string()
      .describe('Id of the account it is posted as.')
      .meta({ examples: ['acct_01k9zq3v6h2m8d4t7w5x0c1b9n'] }),
    status: z
      .enum(STATUSES)
      .describe(
        'scheduled, staging (uploading and processing), staged (ready, waiting for its time), publishing, and at the end published, failed, ' +
          'canceled, missed (its time passed during an outage), or unconfirmed (X gave no clear answer, and the post was not found; look at the account and resolve it).',
      ),
    text: z.string().describe('The text.'),
    media: z.array(mediaSchema).describe('The media, in order, at most four.'),
    options: postOptionsSchema,
    publishAt: instantSchema.describe('When it is to be posted; equal to createdAt for "now".'),
    publishAtLocal: z
      .strictObject({
        local: z.string().describe('Date and time on the clocks there.'),
        timeZone: z.string().describe('IANA name of the time zone.'),
      })
      .nullable()
      .describe('publishAt as it was given, where that was a local time or a slot of a calendar.'),
    createdAt: instantSchema.describe('When it was accepted.'),
    ifLate: z.enum(IF_LATE).describe('What becomes of it when its time has passed.'),
    onUnknown: z.enum(ON_UNKNOWN).describe('What becomes of it when it stays unknown whether X has made it.'),
    waiting: waitingSchema
      .nullable()
      .describe('Why it is not being worked on; null when it is, or when it is over.'),
    doubt: doubtSchema
      .nullable()
      .describe('Set while it is not known whether X has made the post, and it is looked for.'),
    failure: failureSchema
      .nullable()
      .describe('Why it failed or was missed, or what is unconfirmed; otherwise null.'),
    xPostId: z.string().nullable().describe("X's id of the post, once it is published."),
    url: z.string().nullable().describe('Where it is on X, once it is published.'),
    publishedAt: instantSchema.nullable().describe('When X took it.'),
    cost: costSchema,
    revision: z.int().min(0).describe('Goes up with every change.'),
  })
  .meta({ id: 'Post', description: 'A post and how far it has got.', examples: [EXAMPLE] });
export type PostView = z.infer<typeof postSchema>;

export const acceptedPostSchema = z
  .strictObject({
    ...postSchema.shape,
    warnings: z
      .array(fieldErrorSchema)
      .optional()
      .describe('What did not stop the post from being accepted as it is.'),
  })
  .meta({ id: 'AcceptedPost', description: 'A post that was just accepted, or edited.' });

/** A record as the API shows it. */
export function viewPost({ request, state, rev }: PostRecord): PostView {
  const waiting = state.waiting ?? state.hold;
  return {
    id: request.id,
    account: request.accountId,
    status: state.status,
    text: request.text,
    media: request.media.map((media, item) => viewMedia(media, state.media[item])),
    options: request.options,
    publishAt: formatInstant(request.publishAt),
    publishAtLocal: request.publishLocal ?? null,
    createdAt: formatInstant(request.createdAt),
    ifLate: request.ifLate ?? 'publish',
    onUnknown: onUnknownOf(request),
    waiting: waiting && viewWaiting(waiting),
    doubt: viewDoubt(state),
    failure: state.failure && viewFailure(state.failure),
    xPostId: state.published?.xPostId ?? null,
    url: state.published && `https://x.com/i/web/status/${state.published.xPostId}`,
    publishedAt: state.published && formatInstant(state.published.at),
    cost: {
      estimatedUsd: toUsd(state.cost.estimatedMicroUsd),
      actualUsd: toUsd(state.cost.actualMicroUsd),
    },
    revision: rev,
  };
}

export function viewWaiting({ reason, until, detail }: Waiting): z.infer<typeof waitingSchema> {
  return { reason, until: until === null ? null : formatInstant(until), detail };
}

function viewDoubt({ status, hold, publish: { doubt } }: PostState): z.infer<typeof doubtSchema> | null {
  if (status !== 'publishing' || !doubt) return null;
  const { since, reason, lookAts } = doubt;
  return {
    since: formatInstant(since),
    reason,
    // A timeline that could not be read is read again when X lets it.
    nextLookAt: formatInstant(Math.max(lookAts[0] ?? since, hold?.until ?? 0)),
    looksLeft: lookAts.length,
  };
}

export function viewFailure(failure: Failure): z.infer<typeof failureSchema> {
  return { ...failure, at: formatInstant(failure.at) };
}

function viewMedia(asked: MediaRequest, state: MediaState | undefined): z.infer<typeof mediaSchema> {
  if (!state) throw new Error('a record has fewer media states than media');
  const { source, upload } = state;
  return {
    bucket: asked.bucket,
    key: asked.key,
    versionId: source?.versionId ?? asked.versionId,
    altText: asked.altText,
    category: state.category ?? asked.category,
    step: state.step,
    type: source?.mediaType ?? null,
    bytes: source?.bytes ?? null,
    width: source?.width ?? null,
    height: source?.height ?? null,
    durationMs: source?.durationMs ?? null,
    mediaKey: upload?.mediaKey ?? null,
    ...countProgress(state),
    trouble: state.trouble,
    warnings: state.warnings,
  };
}

function countProgress({
  step,
  source,
  upload,
}: MediaState): Pick<z.infer<typeof mediaSchema>, 'bytesAcknowledged' | 'segments'> {
  if (!source || !upload) return { bytesAcknowledged: 0, segments: null };
  const total = countSegments(source.bytes, upload.chunkBytes);
  // An upload in one request has no ledger: it is whole as soon as it is there.
  if (step !== 'append' && step !== 'initialize') {
    return { bytesAcknowledged: source.bytes, segments: { done: total, total } };
  }
  const done = countAcknowledged(upload.acknowledged);
  const tail = segmentAt(total - 1, source.bytes, upload.chunkBytes);
  const missingInTail = upload.acknowledged.at(-1)?.[1] === tail.index ? upload.chunkBytes - tail.bytes : 0;
  return { bytesAcknowledged: done * upload.chunkBytes - missingInTail, segments: { done, total } };
}
