import {
  EDITABLE_FIELDS,
  STATUSES,
  STEPS,
  type PostEvent,
  type Progress,
  type Status,
} from '@slipway/pipeline/core';
import type { StoredEvent } from '@slipway/store';
import { z } from 'zod';
import { formatInstant, instantSchema } from './instants.ts';
import { failureSchema, viewFailure, viewWaiting, waitingSchema } from './post-resource.ts';

const item = z.int().min(0).describe('Index of the media item.');

function eventSchema<Type extends string, Data extends z.ZodType>(type: Type, data: Data) {
  return z.strictObject({
    id: z.string().describe('What `Last-Event-ID` carries.'),
    postId: z.string(),
    type: z.literal(type),
    at: instantSchema.describe('When it happened.'),
    data,
  });
}

const statusData = z.strictObject({ failure: failureSchema.optional(), xPostId: z.string().optional() });

/** The JSON in the `data` of a server-sent event. */
export const postEventSchema = z
  .discriminatedUnion('type', [
    eventSchema('post.waiting', waitingSchema),
    ...STATUSES.map((status) => eventSchema(`post.${status}` as const, statusData)),
    eventSchema(
      'post.retrying',
      z.strictObject({ item: item.nullable(), message: z.string(), until: instantSchema }),
    ),
    eventSchema(
      'post.edited',
      z.strictObject({
        fields: z.array(z.enum(EDITABLE_FIELDS)).describe('What is different now.'),
        publishAt: instantSchema.describe('When it is to be posted now.'),
      }),
    ),
    eventSchema('media.advanced', z.strictObject({ item, step: z.enum(STEPS) })),
    eventSchema('media.restarted', z.strictObject({ item, reason: z.string() })),
    eventSchema('media.warned', z.strictObject({ item, message: z.string() })),
    z.strictObject({
      type: z.literal('progress'),
      postId: z.string(),
      at: instantSchema,
      media: z.array(
        z.strictObject({
          item,
          step: z.enum(STEPS),
          bytesSent: z.int().describe('Bytes on their way or acknowledged.'),
          totalBytes: z.int(),
          segmentsDone: z.int(),
          segments: z.int(),
        }),
      ),
    }),
  ])
  .meta({
    id: 'PostEvent',
    description:
      'What happened to a post. `progress` is a lossy signal, at most two a second, and has no id; all others are kept, in order.',
  });
export type PostEventView = z.infer<typeof postEventSchema>;

/** An event as the API shows it: instants as RFC 3339. */
export function viewEvent({ id, postId, event }: StoredEvent): PostEventView {
  const about = { id, postId, at: formatInstant(event.at) };
  switch (event.type) {
    case 'post.waiting':
      return { ...about, type: event.type, data: viewWaiting(event.data) };
    case 'post.retrying':
      return { ...about, type: event.type, data: { ...event.data, until: formatInstant(event.data.until) } };
    case 'post.edited':
      return {
        ...about,
        type: event.type,
        data: { ...event.data, publishAt: formatInstant(event.data.publishAt) },
      };
    case 'media.advanced':
      return { ...about, type: event.type, data: event.data };
    case 'media.restarted':
      return { ...about, type: event.type, data: event.data };
    case 'media.warned':
      return { ...about, type: event.type, data: event.data };
    case 'post.scheduled':
    case 'post.staging':
    case 'post.staged':
    case 'post.publishing':
    case 'post.published':
    case 'post.failed':
    case 'post.canceled':
    case 'post.missed':
    case 'post.unconfirmed': {
      const { failure, xPostId } = event.data;
      return {
        ...about,
        type: event.type,
        data: {
          ...(failure && { failure: viewFailure(failure) }),
          ...(xPostId !== undefined && { xPostId }),
        },
      };
    }
  }
}

export function viewProgress({ postId, at, media }: Progress): PostEventView {
  return { type: 'progress', postId, at: formatInstant(at), media };
}

/** The status that an event announces, or null. */
export function statusOf(event: PostEvent): Status | null {
  return STATUSES.find((status) => event.type === `post.${status}`) ?? null;
}
