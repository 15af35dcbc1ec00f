import {
  type BlockCause,
  type FailureCode,
  type FailureStep,
  type MediaState,
  type Problem,
  type Situation,
  type Verdict,
  type XProblem,
  newMediaState,
} from '../src/core/index.ts';
import { HOUR, MIB, MINUTE, T0, answer, image, policy, refused, reset, video, xProblem } from './fixtures.ts';

export interface FailureCase {
  /** The row of the table that must judge it. */
  row: string;
  what: string;
  steps: readonly FailureStep[];
  problem: Problem;
  situation?: Partial<Situation>;
  verdict: Expected;
}

/** What must come of it, as far as it matters. */
export type Expected = { do: Verdict['do'] } & Record<string, unknown>;

const SENDING: readonly FailureStep[] = ['upload_once', 'append'];
export const UPLOADING: readonly FailureStep[] = [...SENDING, 'initialize', 'finalize', 'processing'];
export const AT_X: readonly FailureStep[] = [...UPLOADING, 'describe', 'publish', 'confirm'];

export function situationAt(step: FailureStep, patch: Partial<Situation> = {}): Situation {
  return {
    step,
    now: T0,
    jitter: 0.5,
    policy,
    media: step === 'publish' ? null : videoAt(),
    ifChanged: 'fail',
    encoding: SENDING.includes(step) ? 'multipart' : null,
    mayBeDuplicate: false,
    strikes: () => 0,
    ...patch,
  };
}

export function videoAt(patch: Partial<MediaState> = {}): MediaState {
  const upload = {
    mediaId: '1',
    mediaKey: '7_1',
    expiresAt: T0 + HOUR,
    chunkBytes: 4 * MIB,
    acknowledged: [],
    finalizeInDoubt: false,
    processing: null,
  };
  return { ...newMediaState(), step: 'append', category: 'tweet_video', source: video, upload, ...patch };
}

const upload = (patch: Partial<NonNullable<MediaState['upload']>>): Partial<Situation> => {
  const media = videoAt();
  return { media: { ...media, upload: media.upload && { ...media.upload, ...patch } } };
};
const imageAt = videoAt({ category: 'tweet_image', source: image });
const amplify = (durationMs: number | null): Partial<Situation> => ({
  media: videoAt({ category: 'amplify_video', source: { ...video, durationMs } }),
});

// The shapes in which X answers, named as in docs/errors.md.
const blank = (status: number, detail: string) => answer(status, detail);
const slugged = (status: number, slug: string, ...messages: string[]) => xProblem({ status, slug, messages });
const legacy = (status: number, code: number, message: string) =>
  xProblem({ status, legacyCodes: [code], messages: [message] });
const invalid = (message: string) =>
  slugged(400, 'invalid-request', message, 'One or more parameters to your request was invalid.');

const outage = (kind: string, more: Record<string, unknown> = {}): Expected => ({
  do: 'retry',
  kind,
  limitMs: policy.outageLimitMs,
  ...more,
});
const parked = (
  reason: 'account' | 'credits',
  cause: BlockCause,
  until: number | null = T0 + policy.parkMs,
): Expected => ({ do: 'hold', reason, cause, until });
const failed = (code: FailureCode): Expected => ({ do: 'fail', code });

const overloaded: XProblem[] = [
  blank(503, 'Service Unavailable'),
  answer(502),
  answer(504),
  answer(408),
  xProblem({ status: 200, cause: 'the answer has no id' }),
  reset,
  refused,
];

/** What X has been seen to answer in production, and what must come of it. */
export const FAILURE_CASES: readonly FailureCase[] = [
  ...overloaded.map((problem) => ({
    row: 'F1',
    what: `overloaded or out of reach (${problem.status ?? problem.reach})`,
    steps: UPLOADING,
    problem,
    verdict: outage('unavailable', { afterwards: 'restart', code: 'x_unavailable' }),
  })),
  ...overloaded.map((problem) => ({
    row: 'F1',
    what: `overloaded or out of reach (${problem.status ?? problem.reach}): alt text is not worth a post`,
    steps: ['describe'] as const,
    problem,
    verdict: { do: 'retry', kind: 'unavailable', limitMs: 0, afterwards: 'skip' } as const,
  })),
  ...[...overloaded, blank(404, 'Not Found'), answer(404), blank(403, 'Forbidden')].map((problem) => ({
    row: 'F39',
    what: `the timeline cannot be read (${problem.status ?? problem.reach}): that says nothing of the post`,
    steps: ['confirm'] as const,
    problem,
    verdict: {
      do: 'retry',
      kind: 'look',
      limitMs: policy.confirmLimitMs,
      afterwards: 'leave',
      code: 'unconfirmed',
    } as const,
  })),
  {
    row: 'F2',
    what: 'media endpoints not found, for hours',
    steps: UPLOADING,
    problem: blank(404, 'Not Found'),
    verdict: outage('not_found', { afterwards: 'restart' }),
  },
  {
    row: 'F2',
    what: 'the same without a body',
    steps: UPLOADING,
    problem: answer(404),
    verdict: outage('not_found'),
  },
  {
    row: 'F3',
    what: 'upload id expired: 404',
    steps: ['append', 'finalize', 'processing'],
    problem: blank(404, 'Not Found'),
    situation: upload({ expiresAt: T0 }),
    verdict: { do: 'restart', reason: 'expired' },
  },
  {
    row: 'F3',
    what: 'upload id expired: 400',
    steps: ['append', 'finalize', 'processing'],
    problem: invalid('BadRequest: Not found'),
    situation: upload({ expiresAt: T0 - 1 }),
    verdict: { do: 'restart', reason: 'expired' },
  },
  {
    row: 'F2',
    what: 'upload id unknown before its time',
    steps: ['append', 'finalize', 'processing'],
    problem: invalid('BadRequest: Not found'),
    situation: upload({ expiresAt: T0 + 1 }),
    verdict: outage('not_found'),
  },
  ...[413, 431].map((status) => ({
    row: 'F4',
    what: `segment too big (${status})`,
    steps: ['append'] as const,
    problem: answer(status),
    verdict: { do: 'restart', reason: 'chunk_too_large', learn: { chunkBytes: 2 * MIB } } as const,
  })),
  {
    row: 'F4',
    what: 'the smallest segment is too big',
    steps: ['append'],
    problem: answer(413),
    situation: upload({ chunkBytes: 256 * 1024 }),
    verdict: failed('upload_failed'),
  },
  ...[413, 431].map((status) => ({
    row: 'F4',
    what: `an image in one request too big (${status})`,
    steps: ['upload_once'] as const,
    problem: answer(status),
    verdict: { do: 'restart', reason: 'one_shot_too_large' } as const,
  })),
  {
    row: 'F5',
    what: 'multipart refused',
    steps: SENDING,
    problem: invalid('Requests with bodies must have content-type of application/json.'),
    verdict: { do: 'switch_encoding' },
  },
  {
    row: 'F5',
    what: 'JSON refused too',
    steps: SENDING,
    problem: invalid('Requests with bodies must have content-type of application/json.'),
    situation: { encoding: 'json' },
    verdict: failed('x_rejected'),
  },
  {
    row: 'F6',
    what: 'internal error as an array of strings',
    steps: UPLOADING,
    problem: answer(500, 'internal server error'),
    verdict: { do: 'retry', kind: 'server_error', limitMs: 0, afterwards: 'restart', code: 'x_unavailable' },
  },
  {
    row: 'F7',
    what: 'segments do not add up',
    steps: ['finalize', 'processing'],
    problem: invalid('Segments do not add up to provided total file size.'),
    verdict: { do: 'restart', reason: 'segments_mismatch', learn: { segmentsInFlight: 1 } },
  },
  {
    row: 'F8',
    what: 'segment index out of range',
    steps: ['append'],
    problem: invalid('SegmentIndex must be between 0 and 999.'),
    verdict: { do: 'restart', reason: 'segment_index' },
  },
  {
    row: 'append after finalize',
    what: 'a segment for an upload that X has finalized, which Redis has forgotten',
    steps: ['append'],
    problem: invalid('The media upload has already been finalized.'),
    verdict: { do: 'restart', reason: 'finalized_already' },
  },
  {
    row: 'F9',
    what: 'media type unrecognized',
    steps: ['initialize', 'upload_once', 'append', 'finalize'],
    problem: invalid('media type unrecognized.'),
    verdict: failed('media_type_unsupported'),
  },
  {
    row: 'F10',
    what: 'bare 403: media.write is missing',
    steps: UPLOADING,
    problem: blank(403, 'Forbidden'),
    verdict: parked('account', 'forbidden'),
  },
  {
    row: 'F11',
    what: 'amplify_video forbidden, short video',
    steps: ['initialize'],
    problem: blank(403, 'Forbidden'),
    situation: amplify(140_000),
    verdict: { do: 'restart', reason: 'amplify_forbidden', category: 'tweet_video' },
  },
  {
    row: 'F11',
    what: 'amplify_video forbidden, unknown duration',
    steps: ['initialize'],
    problem: blank(403, 'Forbidden'),
    situation: amplify(null),
    verdict: { do: 'restart', reason: 'amplify_forbidden', category: 'tweet_video' },
  },
  {
    row: 'F11',
    what: 'amplify_video forbidden, long video',
    steps: ['initialize'],
    problem: blank(403, 'Forbidden'),
    situation: amplify(140_001),
    verdict: failed('video_too_long'),
  },
  {
    row: 'F1',
    what: 'polled too fast (F16)',
    steps: ['processing'],
    problem: legacy(503, 130, 'Over capacity'),
    verdict: outage('unavailable'),
  },
  ...[answer(404), invalid('BadRequest: Not found'), legacy(400, 34, 'Sorry, that page does not exist')].map(
    (problem) => ({
      row: 'F17',
      what: `status of an image (${problem.status} ${problem.legacyCodes[0] ?? ''})`,
      steps: ['processing'] as const,
      problem,
      situation: { media: imageAt },
      verdict: { do: 'proceed' } as const,
    }),
  ),
  ...[
    invalid('Your media IDs are invalid.'),
    legacy(400, 324, 'Not valid video'),
    legacy(400, 325, 'A media id was not found.'),
  ].map((problem) => ({
    row: 'F18',
    what: `media not ready, expired, foreign or too big (${problem.legacyCodes[0] ?? 'words'})`,
    steps: ['publish'] as const,
    problem,
    verdict: { do: 'recheck_media' } as const,
  })),
  ...[
    blank(403, 'You are not allowed to create a Tweet with duplicate content.'),
    legacy(403, 187, 'Status is a duplicate.'),
  ].map((problem) => ({
    row: 'F19',
    what: `duplicate (${problem.legacyCodes[0] ?? 'words'})`,
    steps: ['publish'] as const,
    problem,
    verdict: failed('duplicate_content'),
  })),
  ...[blank(503, 'Service Unavailable'), answer(500, 'internal server error'), answer(408), reset].map(
    (problem) => ({
      row: 'F20',
      what: `the outcome is not known (${problem.status ?? problem.reach}; F21 looks the same)`,
      steps: ['publish'] as const,
      problem,
      verdict: { do: 'doubt' } as const,
    }),
  ),
  {
    row: 'F22',
    what: 'forbidden without a reason',
    steps: ['publish'],
    problem: blank(403, 'You are not permitted to perform this action.'),
    verdict: failed('x_rejected'),
  },
  {
    row: 'F23',
    what: 'reply not allowed',
    steps: ['publish'],
    problem: blank(
      403,
      'Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.',
    ),
    verdict: failed('reply_not_allowed'),
  },
  {
    row: 'F24',
    what: 'long video refused at creation',
    steps: ['publish'],
    problem: blank(403, 'This user is not allowed to post a video longer than 2 minutes'),
    verdict: failed('video_too_long'),
  },
  {
    row: 'F25',
    what: 'out of credits',
    steps: AT_X,
    problem: slugged(402, 'credits', 'Your enrolled account [1] does not have any credits.'),
    verdict: parked('credits', 'credits'),
  },
  {
    row: 'F26',
    what: 'usage cap: no window to wait for',
    steps: AT_X,
    problem: {
      ...slugged(429, 'usage-capped', 'Usage cap exceeded: Monthly product cap'),
      limits: [{ remaining: 0, resetAt: T0 + 5 * MINUTE }],
    },
    verdict: parked('credits', 'usage_cap'),
  },
  {
    row: 'F27',
    what: 'rate limited',
    steps: AT_X,
    problem: {
      ...blank(429, 'Too Many Requests'),
      limits: [{ remaining: 0, resetAt: T0 + 5 * MINUTE }],
    },
    verdict: { do: 'hold', reason: 'rate_limit', until: T0 + 5 * MINUTE + 3_000 },
  },
  {
    row: 'F27',
    what: 'rate limited, the v1 way',
    steps: AT_X,
    problem: {
      ...legacy(429, 88, 'Rate limit exceeded'),
      limits: [{ remaining: 0, resetAt: T0 + 5 * MINUTE }],
    },
    verdict: { do: 'hold', reason: 'rate_limit', until: T0 + 5 * MINUTE + 3_000 },
  },
  {
    row: 'F27',
    what: 'the day is spent, the 15 minutes are not (F28)',
    steps: AT_X,
    problem: {
      ...blank(429, 'Too Many Requests'),
      limits: [
        { remaining: 90, resetAt: T0 + 5 * MINUTE },
        { remaining: 0, resetAt: T0 + 20 * HOUR },
      ],
    },
    verdict: { do: 'hold', reason: 'rate_limit', until: T0 + 20 * HOUR + 3_000 },
  },
  {
    row: 'F29',
    what: 'token expired (F31 looks the same)',
    steps: AT_X,
    problem: blank(401, 'Unauthorized'),
    verdict: { do: 'retry', kind: 'unauthorized', limitMs: 0, afterwards: 'park' },
  },
  {
    row: 'F32',
    what: 'app not enrolled',
    steps: AT_X,
    problem: slugged(403, 'client-forbidden', 'This request must be made using an approved account.'),
    verdict: parked('account', 'app_refused'),
  },
  ...[
    slugged(403, 'oauth1-permissions', 'Your client app is not configured with the appropriate permissions'),
    slugged(403, 'unsupported-authentication', 'Authenticating with OAuth 2.0 Application-Only is forbidden'),
    legacy(403, 261, 'Application cannot perform write actions'),
  ].map((problem) => ({
    row: 'F33',
    what: `app may not write (${problem.slug ?? problem.legacyCodes[0]})`,
    steps: AT_X,
    problem,
    verdict: parked('account', 'needs_reconnect', null),
  })),
  ...[
    legacy(403, 326, 'To protect our users, this account is temporarily locked.'),
    legacy(403, 64, 'Your account is suspended'),
    slugged(403, 'user-suspended', 'Forbidden'),
    blank(403, 'Your account is temporarily locked.'),
  ].map((problem) => ({
    row: 'F34',
    what: `account locked or suspended (${problem.slug ?? problem.legacyCodes[0] ?? 'words'})`,
    steps: AT_X,
    problem,
    verdict: parked('account', 'suspended', null),
  })),
  {
    row: 'F35',
    what: 'looks automated',
    steps: AT_X,
    problem: legacy(403, 226, 'This request looks like it might be automated.'),
    verdict: parked('account', 'automated', T0 + 6 * HOUR),
  },
  {
    row: 'F36',
    what: 'alt text answered 500',
    steps: ['describe'],
    problem: answer(500, 'internal server error'),
    verdict: { do: 'retry', kind: 'server_error', limitMs: 0, afterwards: 'skip' },
  },
  ...[invalid('bad'), blank(403, 'Forbidden'), blank(404, 'Not Found'), answer(413)].map((problem) => ({
    row: 'F36',
    what: `alt text refused (${problem.status})`,
    steps: ['describe'] as const,
    problem,
    verdict: { do: 'skip' } as const,
  })),
  {
    row: 'F10',
    what: 'a page of HTML (F37): judged by its status',
    steps: UPLOADING,
    problem: answer(403),
    verdict: parked('account', 'forbidden'),
  },
  {
    row: 'anything else',
    what: 'v1.1 endpoints (F38): a defect, never met on v2 paths',
    steps: ['publish'],
    problem: blank(
      403,
      'You currently have access to a subset of X API v2 endpoints and limited v1.1 endpoints',
    ),
    verdict: failed('x_rejected'),
  },
  {
    row: 'second finalize',
    what: 'an image whose first finalize may have got through',
    steps: ['finalize'],
    problem: invalid('The media upload has already been finalized.'),
    situation: upload({ finalizeInDoubt: true }),
    verdict: { do: 'restart', reason: 'finalize_in_doubt' },
  },
  {
    row: 'refused connection',
    what: 'nothing was sent',
    steps: ['publish'],
    problem: refused,
    verdict: outage('unavailable', { afterwards: 'fail', code: 'x_unavailable' }),
  },
  {
    row: 'anything else',
    what: 'a refusal that is not known',
    steps: [...UPLOADING, 'publish'],
    problem: invalid('The total_bytes field is wrong.'),
    verdict: failed('x_rejected'),
  },
];
