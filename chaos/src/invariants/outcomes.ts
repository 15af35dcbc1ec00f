import type { LedgerPost } from '@slipway/local';
import type { PostView } from '../api-client.ts';
import type { Evidence, Submission, Violation } from '../evidence.ts';
import { CREATE_TIMEOUT_MS } from '../plan/campaign-settings.ts';
import { readToken, type Fate, type PlannedPost } from '../plan/vocabulary.ts';

/** What each fate may end as, and with which failure. `published` is always right: a fault may have missed its post. */
const ENDINGS: Record<Fate, readonly string[]> = {
  published: [],
  refused: ['failed x_rejected'],
  unprocessable: ['failed processing_failed'],
  swapped: ['failed source_changed'],
  canceled: ['canceled'],
};
/** A worker's clock and ours differ by this at most. */
const CLOCK_SLACK_MS = 5_000;

/**
 * Invariant 1: every acknowledged post ends published, or otherwise for a reason that is true on X's side. Invariant 2, second half:
 * there is no post on X that Slipway does not know.
 */
export function checkOutcomes(evidence: Evidence): Violation[] {
  const onX = Map.groupBy(evidence.ledger.posts, ({ text }) => readToken(text) ?? text);
  const records = new Map(evidence.posts.map((post) => [readToken(post.text) ?? post.text, post]));
  const sent = new Map(evidence.submissions.map((submission) => [submission.token, submission]));
  return [
    ...evidence.submissions.flatMap((submission) =>
      checkOne(evidence, submission, records.get(submission.token), onX.get(submission.token) ?? []),
    ),
    ...[...onX].flatMap(([token, posts]) =>
      findStrangers(evidence, sent.get(token), records.get(token), posts),
    ),
  ];
}

/** How many posts a profile has lost that were acknowledged: Slipway knows nothing of them. */
export function countLost({ submissions, posts }: Pick<Evidence, 'submissions' | 'posts'>): number {
  const known = new Set(posts.map(({ id }) => id));
  return submissions.filter(({ outcome, id }) => outcome === 'acknowledged' && !known.has(id ?? '')).length;
}

function checkOne(
  evidence: Evidence,
  submission: Submission,
  record: PostView | undefined,
  onX: readonly LedgerPost[],
): Violation[] {
  const report = (rule: string, detail: string): Violation[] => [
    { invariant: 1, rule, detail, token: submission.token, postId: record?.id ?? submission.id },
  ];
  if (!record) {
    const mayBeLost = submission.outcome === 'unclear' || evidence.plan.profile !== 'always';
    return mayBeLost ? [] : report('acknowledged and lost', 'Slipway does not know it any more');
  }
  const planned = evidence.plan.load[submission.post];
  if (!planned) return report('not of this plan', submission.token);
  const ids = onX.map(({ id }) => id).join(', ') || 'nothing';
  switch (record.status) {
    case 'published':
      return onX.some(({ id }) => id === record.xPostId)
        ? []
        : report('published, but not on X', `it should be ${record.xPostId}; X has ${ids}`);
    case 'failed':
    case 'canceled':
    case 'missed':
      if (onX.length > 0) return report(`${record.status}, but on X`, `X has ${ids}; ${failureOf(record)}`);
      return mayEndSo(planned, record)
        ? []
        : report('failed without a cause', `${planned.fate}: ${failureOf(record)}`);
    case 'unconfirmed':
      return wasMadeUnclear(evidence, planned, record)
        ? []
        : report('unconfirmed without a cause', `X has ${ids}; ${failureOf(record)}`);
    default:
      return report('never ended', `${record.status}; ${JSON.stringify(record.waiting)}; X has ${ids}`);
  }
}

function failureOf({ failure }: PostView): string {
  return failure ? `${failure.code}: ${failure.message}` : 'no failure';
}

function mayEndSo({ fate, ifLate }: PlannedPost, { status, failure }: PostView): boolean {
  if (status === 'missed') return ifLate === 'skip';
  return ENDINGS[fate].includes(failure ? `${status} ${failure.code}` : status);
}

/** Whether something was done to this post's creation that could leave its outcome unknown: by X, or by the ground it stood on. */
function wasMadeUnclear(evidence: Evidence, planned: PlannedPost, { id }: PostView): boolean {
  if (planned.createFaults.length > 0) return true;
  const events = evidence.events.get(id);
  const tries = [...(events?.seen ?? []), ...(events?.told ?? [])]
    .filter(({ type }) => type === 'post.publishing')
    .map(({ at }) => Date.parse(at));
  return evidence.disturbances.some(({ from, to }) =>
    tries.some((at) => from - CLOCK_SLACK_MS - CREATE_TIMEOUT_MS <= at && at <= to + CLOCK_SLACK_MS),
  );
}

function findStrangers(
  evidence: Evidence,
  submission: Submission | undefined,
  record: PostView | undefined,
  posts: readonly LedgerPost[],
): Violation[] {
  if (record) return [];
  // What was published and then forgotten with a lost write is a lost post, not a stranger.
  if (submission && evidence.plan.profile !== 'always') return [];
  return posts.map(({ id, text }) => ({
    invariant: 2,
    rule: 'on X, but unknown to Slipway',
    detail: `${id}: ${text}`,
    token: submission?.token ?? null,
    postId: submission?.id ?? null,
  }));
}
