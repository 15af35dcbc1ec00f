import type { BlockCause } from './account.ts';
import { MAX_CHUNK_BYTES, chooseChunkBytes } from './chunk-plan.ts';
import { VIDEO_MAX_MS } from './media-rules.ts';
import type { Policy } from './policy.ts';
import type { InternalProblem, Problem, SourceProblem, XProblem } from './problems.ts';
import { backoffMs } from './schedule.ts';
import type { Encoding, FailureCode, FailureStep, MediaState, WaitingReason } from './vocabulary.ts';

/** What to do about a problem. */
export type Verdict =
  /** The same call again after a backoff; once `limitMs` and the policy's count are both used up: `afterwards`. */
  | {
      do: 'retry';
      kind: string;
      limitMs: number;
      afterwards: 'restart' | 'fail' | 'skip' | 'park' | 'leave';
      code: FailureCode;
    }
  /** Leave the whole post alone until an instant; uses no attempt. With a cause: all posts of its account; null: until it is released. */
  | { do: 'hold'; reason: WaitingReason; until: number | null; cause?: BlockCause }
  /** Begin the upload again with a new id, with what was learned; too often, and the post fails with `code`. */
  | {
      do: 'restart';
      reason: string;
      learn?: Partial<MediaState['learned']>;
      category?: 'tweet_video';
      /** `upload_failed` if left out. */
      code?: FailureCode;
      /** How often for this reason; the policy's limit if left out. */
      limit?: number;
    }
  | { do: 'switch_encoding' }
  /** Look at the object again and upload what it is now. */
  | { do: 'reinspect' }
  /** The media were refused at create: ask for their processing status, or upload them again. */
  | { do: 'recheck_media' }
  /** Not a failure after all: go to the next step. */
  | { do: 'proceed' }
  /** Go on without this step and warn. */
  | { do: 'skip' }
  | { do: 'fail'; code: FailureCode; hint: string }
  /** The create may have happened: look for the post. */
  | { do: 'doubt' }
  /** An earlier create, whose outcome was unclear, has happened: X says so. Look for the post. */
  | { do: 'landed' };

export interface Situation {
  step: FailureStep;
  now: number;
  /** In [0, 1). */
  jitter: number;
  policy: Policy;
  /** The item at hand; null at publish. */
  media: MediaState | null;
  ifChanged: 'fail' | 'restart';
  /** How the failed action encoded its media; null for one that carries none. */
  encoding: Encoding | null;
  /** An earlier create of this post may have happened. */
  mayBeDuplicate: boolean;
  /** Failures of the given kind at this step since the last progress. */
  strikes: (kind: string) => number;
}

/** One row of X's failure table; `row` is its number in the table of docs/errors.md. */
export interface FailureRow {
  row: string;
  steps: readonly FailureStep[];
  when: (problem: XProblem, situation: Situation) => boolean;
  verdict: (problem: XProblem, situation: Situation) => Verdict;
}

const SENDING: readonly FailureStep[] = ['upload_once', 'append'];
const UPLOADING: readonly FailureStep[] = [...SENDING, 'initialize', 'finalize', 'processing'];
const EVERY: readonly FailureStep[] = [...UPLOADING, 'describe', 'publish', 'confirm'];
/** Statuses by which X says, in a body of its own, that a post was surely not created. */
const DEFINITE = new Set([400, 401, 402, 403, 404, 413, 422, 429]);
/** X takes insisting for one more sign of it. */
const AUTOMATED_MS = 6 * 60 * 60_000;
const SMALLEST_LEARNED_CHUNK_BYTES = 256 * 1024;

const status =
  (...statuses: number[]) =>
  (problem: XProblem): boolean =>
    problem.status !== null && statuses.includes(problem.status);
const says =
  (pattern: RegExp) =>
  (problem: XProblem): boolean =>
    problem.messages.some((message) => pattern.test(message));
const legacy =
  (...codes: number[]) =>
  (problem: XProblem): boolean =>
    problem.legacyCodes.some((code) => codes.includes(code));
const slug =
  (...slugs: string[]) =>
  (problem: XProblem): boolean =>
    problem.slug !== null && slugs.includes(problem.slug);
type Test = (problem: XProblem, situation: Situation) => boolean;
const any =
  (...tests: Test[]): Test =>
  (problem, situation) =>
    tests.some((test) => test(problem, situation));
const all =
  (...tests: Test[]): Test =>
  (problem, situation) =>
    tests.every((test) => test(problem, situation));

const fail = (code: FailureCode, hint: string) => (): Verdict => ({ do: 'fail', code, hint });
/** X is not asked on behalf of the account before `forMs` have passed (default: the policy's), or, with null, before it is released. */
const park =
  (reason: 'account' | 'credits', cause: BlockCause, forMs?: number | null) =>
  (_: XProblem, { now, policy }: Situation): Verdict => ({
    do: 'hold',
    reason,
    cause,
    until: forMs === null ? null : now + (forMs ?? policy.parkMs),
  });

/** Whether X has surely not done what was asked. */
export function isDefinite(problem: XProblem): boolean {
  if (problem.reach === 'not_sent') return true;
  if (problem.reach !== 'answered' || problem.status === null) return false;
  return DEFINITE.has(problem.status) && (problem.messages.length > 0 || problem.slug !== null);
}

/** The instant at which every exhausted window is open again, or null when the answer does not tell. Source: X docs, rate limits. */
export function resetOf(limits: XProblem['limits'], now: number): number | null {
  const future = limits.filter((limit) => limit.resetAt !== null && limit.resetAt > now);
  const exhausted = future.filter((limit) => limit.remaining === 0);
  const deciding = exhausted.length > 0 ? exhausted : future.slice(0, 1);
  return deciding.length === 0 ? null : Math.max(...deciding.map((limit) => limit.resetAt ?? now));
}

function untilReset(problem: XProblem, { now, jitter, policy, strikes }: Situation): Verdict {
  const skewMs = 1_000 + Math.round(jitter * 4_000);
  const reset = resetOf(problem.limits, now);
  // X's own samples wait at least a minute when no header tells; never more than a window.
  const blind = { ...policy, backoffBaseMs: 60_000, backoffCapMs: 14 * 60_000 };
  const until =
    reset === null ? now + backoffMs(strikes('rate_limit'), jitter, blind) + 60_000 : reset + skewMs;
  return { do: 'hold', reason: 'rate_limit', until };
}

function shrinkChunk(_: XProblem, { media, policy }: Situation): Verdict {
  const current = media?.upload?.chunkBytes ?? Math.min(policy.chunkBytes, MAX_CHUNK_BYTES);
  const smaller = Math.floor(current / 2);
  // A large file has a floor of its own: X takes no more than 1000 segments.
  const stuck = chooseChunkBytes(media?.source?.bytes ?? 0, smaller) >= current;
  if (stuck || smaller < Math.min(SMALLEST_LEARNED_CHUNK_BYTES, policy.chunkBytes)) {
    return {
      do: 'fail',
      code: 'upload_failed',
      hint: 'X refuses even the smallest segment; try again later.',
    };
  }
  // Halving ends by itself at the smallest chunk.
  return { do: 'restart', reason: 'chunk_too_large', learn: { chunkBytes: smaller }, limit: Infinity };
}

const isGone = any(status(404), all(status(400), says(/not found/i)), legacy(34, 325));

/** X's failures, first match wins. Source: what is known of X in production; docs/errors.md explains each row. */
export const FAILURE_ROWS: readonly FailureRow[] = [
  {
    row: 'F20',
    steps: ['publish'],
    when: (problem) => !isDefinite(problem),
    verdict: () => ({ do: 'doubt' }),
  },
  { row: 'F25', steps: EVERY, when: status(402), verdict: park('credits', 'credits') },
  { row: 'F26', steps: EVERY, when: slug('usage-capped'), verdict: park('credits', 'usage_cap') },
  { row: 'F27', steps: EVERY, when: any(status(429), legacy(88)), verdict: untilReset },
  {
    row: 'F29',
    steps: EVERY,
    when: status(401),
    verdict: () => ({
      do: 'retry',
      kind: 'unauthorized',
      limitMs: 0,
      afterwards: 'park',
      code: 'x_rejected',
    }),
  },
  {
    row: 'F34',
    steps: EVERY,
    when: all(
      status(403),
      any(legacy(326, 64), slug('user-suspended'), says(/temporarily locked|suspended/i)),
    ),
    // Its owner has to go to X; until then every call makes it worse.
    verdict: park('account', 'suspended', null),
  },
  { row: 'F35', steps: EVERY, when: legacy(226), verdict: park('account', 'automated', AUTOMATED_MS) },
  { row: 'F32', steps: EVERY, when: slug('client-forbidden'), verdict: park('account', 'app_refused') },
  {
    row: 'F33',
    steps: EVERY,
    when: any(slug('oauth1-permissions', 'unsupported-authentication'), legacy(261)),
    // The permission is in the token: nothing changes before there is another one.
    verdict: park('account', 'needs_reconnect', null),
  },
  { row: 'F4', steps: ['append'], when: status(413, 431), verdict: shrinkChunk },
  {
    row: 'F4',
    steps: ['upload_once'],
    when: status(413, 431),
    verdict: () => ({ do: 'restart', reason: 'one_shot_too_large' }),
  },
  {
    row: 'F5',
    steps: SENDING,
    when: says(/content-type of application\/json/i),
    // Asked of the action, not of what was learned since: segments that are refused side by side were all multipart.
    verdict: (_, { encoding }) =>
      encoding === 'json'
        ? { do: 'fail', code: 'x_rejected', hint: 'X refuses both encodings of media; try again later.' }
        : { do: 'switch_encoding' },
  },
  {
    row: 'F7',
    steps: ['finalize', 'processing'],
    when: says(/segments do not add up/i),
    verdict: () => ({ do: 'restart', reason: 'segments_mismatch', learn: { segmentsInFlight: 1 } }),
  },
  {
    row: 'F8',
    steps: ['append'],
    when: says(/segmentindex must be between/i),
    verdict: () => ({ do: 'restart', reason: 'segment_index' }),
  },
  {
    // The ledger is behind X where Redis has lost writes. X's words for it are not known; these are the nearest that are.
    row: 'append after finalize',
    steps: ['append'],
    when: all(status(400, 404, 409), says(/finalized/i)),
    verdict: () => ({ do: 'restart', reason: 'finalized_already' }),
  },
  {
    row: 'F9',
    steps: ['initialize', ...SENDING, 'finalize'],
    when: says(/media type unrecognized/i),
    verdict: fail(
      'media_type_unsupported',
      'X does not know this kind of file; use JPEG, PNG, WEBP, GIF or MP4.',
    ),
  },
  {
    row: 'F11',
    steps: ['initialize'],
    when: (problem, { media }) => problem.status === 403 && media?.category === 'amplify_video',
    verdict: (_, { media }) =>
      (media?.source?.durationMs ?? 0) <= VIDEO_MAX_MS
        ? { do: 'restart', reason: 'amplify_forbidden', category: 'tweet_video' }
        : {
            do: 'fail',
            code: 'video_too_long',
            hint: 'The account may not post videos over 140 s; cut the video or use an account that may.',
          },
  },
  // That the token may write media was seen when the account was connected: a bare 403 is looked at again, it may be an incident.
  { row: 'F10', steps: UPLOADING, when: status(403), verdict: park('account', 'forbidden') },
  {
    row: 'F17',
    steps: ['processing'],
    when: (problem, situation) => situation.media?.category === 'tweet_image' && isGone(problem, situation),
    verdict: () => ({ do: 'proceed' }),
  },
  {
    row: 'F3',
    steps: ['append', 'finalize', 'processing'],
    when: (problem, situation) =>
      isGone(problem, situation) && situation.now >= (situation.media?.upload?.expiresAt ?? Infinity),
    verdict: () => ({ do: 'restart', reason: 'expired' }),
  },
  {
    row: 'second finalize',
    steps: ['finalize'],
    when: (problem, { media }) => status(400, 404)(problem) && media?.upload?.finalizeInDoubt === true,
    verdict: () => ({ do: 'restart', reason: 'finalize_in_doubt' }),
  },
  {
    row: 'F2',
    steps: UPLOADING,
    when: isGone,
    verdict: (_, { policy }) => ({
      do: 'retry',
      kind: 'not_found',
      limitMs: policy.outageLimitMs,
      afterwards: 'restart',
      code: 'x_unavailable',
    }),
  },
  {
    row: 'F36',
    steps: ['describe'],
    when: status(500),
    verdict: () => ({
      do: 'retry',
      kind: 'server_error',
      limitMs: 0,
      afterwards: 'skip',
      code: 'x_rejected',
    }),
  },
  {
    row: 'F6',
    steps: UPLOADING,
    when: status(500),
    verdict: () => ({
      do: 'retry',
      kind: 'server_error',
      limitMs: 0,
      afterwards: 'restart',
      code: 'x_unavailable',
    }),
  },
  {
    row: 'F1',
    steps: UPLOADING,
    when: isPassing,
    verdict: (_, { policy }) => ({
      do: 'retry',
      kind: 'unavailable',
      limitMs: policy.outageLimitMs,
      afterwards: 'restart',
      code: 'x_unavailable',
    }),
  },
  {
    row: 'F1',
    steps: ['describe'],
    when: isPassing,
    verdict: () => ({
      do: 'retry',
      kind: 'unavailable',
      limitMs: 0,
      afterwards: 'skip',
      code: 'x_unavailable',
    }),
  },
  { row: 'F36', steps: ['describe'], when: () => true, verdict: () => ({ do: 'skip' }) },
  {
    row: 'F18',
    steps: ['publish'],
    when: any(says(/media ids? (are|is) invalid/i), legacy(324, 325)),
    verdict: () => ({ do: 'recheck_media' }),
  },
  {
    row: 'F19',
    steps: ['publish'],
    when: any(says(/duplicate content|status is a duplicate/i), legacy(187)),
    verdict: (_, { mayBeDuplicate }) =>
      mayBeDuplicate
        ? { do: 'landed' }
        : {
            do: 'fail',
            code: 'duplicate_content',
            hint: 'The account posted the same text a short while ago; change the text.',
          },
  },
  {
    row: 'F23',
    steps: ['publish'],
    when: says(/reply to this conversation is not allowed/i),
    verdict: fail(
      'reply_not_allowed',
      'X lets an app reply only to posts that mention or quote the account.',
    ),
  },
  {
    row: 'F24',
    steps: ['publish'],
    when: says(/not allowed to post a video longer/i),
    verdict: fail('video_too_long', 'Cut the video, or post as an account that may post long videos.'),
  },
  {
    row: 'F22',
    steps: ['publish'],
    when: says(/not permitted to perform this action/i),
    verdict: fail(
      'x_rejected',
      'X gives no reason; the usual ones are the length of the text, the mix of media, and missing permissions.',
    ),
  },
  {
    row: 'refused connection',
    steps: ['publish'],
    when: (problem) => problem.reach === 'not_sent',
    verdict: (_, { policy }) => ({
      do: 'retry',
      kind: 'unavailable',
      limitMs: policy.outageLimitMs,
      afterwards: 'fail',
      code: 'x_unavailable',
    }),
  },
  {
    row: 'F39',
    steps: ['confirm'],
    when: () => true,
    verdict: (_, { policy }) => ({
      do: 'retry',
      kind: 'look',
      limitMs: policy.confirmLimitMs,
      afterwards: 'leave',
      code: 'unconfirmed',
    }),
  },
  {
    row: 'anything else',
    steps: [...UPLOADING, 'describe', 'publish'],
    when: () => true,
    verdict: fail(
      'x_rejected',
      "X's own words are in the message; change the post accordingly and send it again.",
    ),
  },
];

/** Passes by itself: an overloaded or unreachable X, or an answer that makes no sense. */
function isPassing(problem: XProblem): boolean {
  return problem.status === null || problem.status < 300 || problem.status === 408 || problem.status >= 501;
}

const SOURCE_VERDICTS: Record<SourceProblem['code'], (situation: Situation) => Verdict> = {
  no_bucket: fail(
    'source_not_found',
    'Check the name of the bucket, and that it is in the configured store.',
  ),
  not_found: fail(
    'source_not_found',
    'Check the key and the version, and put the object there before its time.',
  ),
  denied: fail('source_denied', 'Let the credentials of Slipway read the object (s3:GetObject).'),
  empty: fail('source_empty', 'Put a file with content under this key.'),
  type_unsupported: fail('media_type_unsupported', 'Use JPEG, PNG, WEBP, GIF, MP4 or MOV.'),
  changed: ({ ifChanged }) =>
    ifChanged === 'restart'
      ? { do: 'reinspect' }
      : {
          do: 'fail',
          code: 'source_changed',
          hint: 'Post again, or name a versionId, or ask for ifChanged: "restart" to follow the newest version.',
        },
  wrong_range: () => ({
    do: 'retry',
    kind: 'wrong_range',
    limitMs: 0,
    afterwards: 'fail',
    code: 'source_corrupt',
  }),
  // X may have what was wrong: only a new upload is sure. Segments one at a time, in case the store mixes them up.
  wrong_bytes: () => ({
    do: 'restart',
    reason: 'wrong_bytes',
    learn: { segmentsInFlight: 1 },
    code: 'source_corrupt',
    limit: 1,
  }),
  unavailable: ({ policy }) => ({
    do: 'retry',
    kind: 'source',
    limitMs: policy.outageLimitMs,
    afterwards: 'fail',
    code: 'source_unavailable',
  }),
};

function judgeInternal({ code, hint }: InternalProblem, { step, now, policy }: Situation): Verdict {
  if (code === 'account_missing')
    return { do: 'hold', reason: 'account', cause: 'disconnected', until: now + policy.parkMs };
  // Whatever is wrong with a look, it does not say that the post is not there.
  if (step === 'confirm' || code === 'timeline_too_long') {
    return { do: 'retry', kind: 'look', limitMs: 0, afterwards: 'leave', code: 'unconfirmed' };
  }
  return { do: 'fail', code, hint };
}

/** The decision about a problem, and the row of the table that made it. Pure. */
export function judge(problem: Problem, situation: Situation): { row: string; verdict: Verdict } {
  switch (problem.from) {
    case 's3':
      return { row: problem.code, verdict: SOURCE_VERDICTS[problem.code](situation) };
    case 'slipway':
      return { row: problem.code, verdict: judgeInternal(problem, situation) };
    case 'x': {
      const row = FAILURE_ROWS.find(
        (each) => each.steps.includes(situation.step) && each.when(problem, situation),
      );
      if (!row)
        return { row: 'none', verdict: { do: 'fail', code: 'internal', hint: 'Report this as a defect.' } };
      return { row: row.row, verdict: row.verdict(problem, situation) };
    }
  }
}
