import {
  DEFAULT_ACCOUNT_SETTINGS,
  type Edited,
  type PostEdit,
  type PostRecord,
  editPost,
  isTerminal,
} from '@slipway/pipeline/core';
import type { PostStore } from '@slipway/store';
import type { AcceptDeps } from './accept-post.ts';
import { checkMedia } from './check-media.ts';
import { checkText, checkWhole, dropAbsent, refusal } from './check-post.ts';
import { type EditPost, NEXT_SLOT } from './post-request.ts';
import type { FieldError } from './problems.ts';
import { checkLateness, settleTime, warnOfNeighbors } from './publish-time.ts';

export interface EditDeps extends AcceptDeps {
  posts: PostStore;
}

export type EditOutcome =
  | { record: PostRecord; warnings: FieldError[] }
  | { record: PostRecord; refused: 'too_late' | 'too_early' };

/**
 * Changes a post as its owner asks, under the rules for a new one. Throws `post_refused` with every field at fault. Null when
 * there is no such post.
 */
export async function editAcceptedPost(
  id: string,
  body: EditPost,
  deps: EditDeps,
  signal: AbortSignal,
): Promise<EditOutcome | null> {
  const { posts, schedule, accounts, paces, policy, now } = deps;
  const record = await posts.get(id);
  if (!record) return null;
  const { request } = record;
  const { accountId } = request;
  // Nobody waits for S3 to learn that it is too late.
  if (record.state.status === 'publishing' || isTerminal(record.state.status))
    return { record, refused: 'too_late' };

  const errors: FieldError[] = [];
  if (body.text !== undefined) checkText(body.text, errors);
  checkLateness(body.publishAt, body.ifLate ?? request.ifLate, now(), errors);
  const checked = body.media && (await checkMedia(body.media, deps, signal));
  errors.push(...(checked?.errors ?? []));
  if (errors.length > 0) throw refusal(errors);

  const warnings = checked?.warnings ?? [];
  const settings = (await accounts.get(accountId))?.settings ?? DEFAULT_ACCOUNT_SETTINGS;
  const about = { id, accountId, now: now(), warnings };
  const time =
    body.publishAt === undefined
      ? null
      : await settleTime(body.publishAt, { ...about, calendar: settings.calendar }, deps);
  const edit: PostEdit = {
    ...(body.text !== undefined && { text: body.text }),
    ...(checked && { media: checked.media }),
    ...(body.options && { options: dropAbsent(body.options) }),
    ...(body.ifLate && { ifLate: body.ifLate }),
    ...(body.onUnknown && { onUnknown: body.onUnknown }),
    ...time,
  };
  const context = { now: now(), policy, paces: await paces.read(accountId), facts: checked?.facts ?? [] };
  try {
    const outcome = await change(posts, id, (before, changedSince) => {
      const wrong = checkWhole({ ...before.request, ...edit });
      if (wrong.length > 0) throw refusal(wrong);
      return editPost(before, edit, { ...context, changedSince });
    });
    if (!outcome || 'refused' in outcome) await giveBack(outcome && dueOf(outcome.record));
    else if (time) await warnOfNeighbors({ ...about, ...time, withinMs: settings.conflictDistanceMs }, deps);
    return outcome && ('refused' in outcome ? outcome : { ...outcome, warnings });
  } catch (error) {
    await giveBack(request.publishAt);
    throw error;
  }

  /** The post stays where it was, and not where it was to go. */
  async function giveBack(publishAt: number | null): Promise<void> {
    if (body.publishAt === NEXT_SLOT) await schedule.giveBack(accountId, id, publishAt);
  }
}

/** Its place in the schedule of its account, if it has one still. */
function dueOf({ request, state: { status } }: PostRecord): number | null {
  return isTerminal(status) && status !== 'published' ? null : request.publishAt;
}

async function change(
  posts: PostStore,
  id: string,
  decide: (record: PostRecord, changedSince: number | null) => Edited,
): Promise<{ record: PostRecord; refused: 'too_late' | 'too_early' } | { record: PostRecord } | null> {
  let edited: Edited | null = null;
  const outcome = await posts.change(id, (record, changedSince) => {
    edited = decide(record, changedSince);
    return 'refused' in edited ? null : edited;
  });
  return outcome && { record: outcome.record, ...refusedOf(edited) };
}

/** What is so already is no refusal. */
function refusedOf(edited: Edited | null): { refused: 'too_late' | 'too_early' } | null {
  return edited && 'refused' in edited && edited.refused !== 'same' ? { refused: edited.refused } : null;
}
