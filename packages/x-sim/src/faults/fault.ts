import { z } from 'zod';

/** Error answers that X is known to give, by name. `answers.ts` has their bodies. */
export const ANSWER_NAMES = [
  'service_unavailable',
  'bad_gateway',
  'gateway_timeout',
  'not_found',
  'not_found_empty',
  'upload_not_found',
  'empty_413',
  'headers_too_large',
  'json_only',
  'internal_error_strings',
  'internal_error',
  'segments_mismatch',
  'segment_index_range',
  'media_type_unrecognized',
  'forbidden',
  'amplify_forbidden',
  'over_capacity',
  'status_not_found',
  'media_ids_invalid',
  'duplicate',
  'not_permitted',
  'reply_not_allowed',
  'video_too_long',
  'credits_depleted',
  'usage_capped',
  'rate_limited',
  'rate_limited_v1',
  'rate_limited_bare',
  'daily_capped',
  'unauthorized',
  'refresh_token_invalid',
  'client_not_enrolled',
  'oauth1_permissions',
  'cannot_write',
  'account_locked',
  'account_suspended',
  'looks_automated',
  'html',
  'html_ok',
  'v1_forbidden',
  'no_id',
] as const;
export type AnswerName = (typeof ANSWER_NAMES)[number];

const answerSchema = z.union([
  z.enum(ANSWER_NAMES),
  z.strictObject({
    status: z.int().min(200).max(599),
    /** A string is sent as it is, anything else as JSON; left out: an empty body. */
    body: z.unknown().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    contentType: z.string().optional(),
  }),
]);

const processingErrorSchema = z.strictObject({
  code: z.int(),
  name: z.string(),
  message: z.string().optional(),
});

const effectSchema = z.union([
  /** Answers this and does nothing else. */
  z.strictObject({ answer: answerSchema }),
  /** Does what was asked, then answers this instead of the truth. */
  z.strictObject({ acceptThenAnswer: answerSchema }),
  /** Does what was asked, then resets the connection without an answer. */
  z.strictObject({ acceptThenDrop: z.literal(true) }),
  /** Does what was asked and never answers. */
  z.strictObject({ acceptThenHang: z.literal(true) }),
  /** Resets the connection as soon as the request can be recognized. */
  z.strictObject({ resetBeforeReading: z.literal(true) }),
  /** Resets the connection once this many body bytes have come. */
  z.strictObject({ resetAfterBytes: z.int().min(0) }),
  /** Waits this long in real time, then goes on (other faults may follow). */
  z.strictObject({ delayMs: z.int().min(0) }),
  /** Reads the request, does nothing and never answers. */
  z.strictObject({ hang: z.literal(true) }),
  /** Decides how the processing of an upload goes; taken when it is finalized. */
  z.strictObject({
    processing: z.strictObject({
      fail: processingErrorSchema.optional(),
      errorWhileInProgress: processingErrorSchema.optional(),
      neverFinish: z.literal(true).optional(),
      omitCheckAfterSecs: z.literal(true).optional(),
      checkAfterSecs: z.int().min(0).optional(),
      takeMs: z.int().min(0).optional(),
    }),
  }),
  /** Timelines: nothing at all, or only what is older than `lagMs`. */
  z.strictObject({ timeline: z.union([z.literal('empty'), z.strictObject({ lagMs: z.int().min(0) })]) }),
]);

export const faultSchema = z.strictObject({
  id: z.string().optional(),
  /** All that is given must hold. `operation` may be `*` or end in `.*`. */
  on: z.strictObject({
    operation: z.string(),
    userId: z.string().optional(),
    mediaId: z.string().optional(),
    segmentIndex: z.int().min(0).optional(),
    /** Part of a post's text. */
    textIncludes: z.string().optional(),
  }),
  /** Lets this many matching requests pass first. */
  skip: z.int().min(0).optional(),
  /** Fires this often (default 1), then lies still. */
  times: z.union([z.int().min(1), z.literal('always')]).optional(),
  do: effectSchema,
});

export type FaultAnswer = z.infer<typeof answerSchema>;
export type FaultEffect = z.infer<typeof effectSchema>;
export type FaultInput = z.infer<typeof faultSchema>;

type ArrivalEffect = Extract<FaultEffect, { resetBeforeReading: true } | { resetAfterBytes: number }>;
type BeforeEffect = Extract<FaultEffect, { answer: unknown } | { hang: true }>;
type AfterEffect = Extract<
  FaultEffect,
  { acceptThenAnswer: unknown } | { acceptThenDrop: true } | { acceptThenHang: true }
>;
type ProcessingEffect = Extract<FaultEffect, { processing: unknown }>;
type TimelineEffect = Extract<FaultEffect, { timeline: unknown }>;
export type ProcessingFault = ProcessingEffect['processing'];

/** Cuts a request off while it arrives. */
export const isArrival = (effect: FaultEffect): effect is ArrivalEffect =>
  'resetBeforeReading' in effect || 'resetAfterBytes' in effect;
/** Takes the place of the endpoint. */
export const isBefore = (effect: FaultEffect): effect is BeforeEffect =>
  'answer' in effect || 'hang' in effect;
/** Spoils the answer of an endpoint that succeeded. */
export const isAfter = (effect: FaultEffect): effect is AfterEffect =>
  'acceptThenAnswer' in effect || 'acceptThenDrop' in effect || 'acceptThenHang' in effect;
export const isProcessing = (effect: FaultEffect): effect is ProcessingEffect => 'processing' in effect;
export const isTimeline = (effect: FaultEffect): effect is TimelineEffect => 'timeline' in effect;

/** A scripted fault and how often it has fired. */
export interface ScriptedFault extends FaultInput {
  id: string;
  fired: number;
}
