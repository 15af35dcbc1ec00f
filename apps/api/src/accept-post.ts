import { closestName } from '@slipway/config';
import { type PostRequest, leadOf } from '@slipway/pipeline/core';
import { type AccountRecord, type AccountRecords, type PaceStore, newPostId } from '@slipway/store';
import { type MediaCheckDeps, checkMedia } from './check-media.ts';
import { checkText, dropAbsent, refusal } from './check-post.ts';
import type { CreatePost } from './post-request.ts';
import type { FieldError } from './problems.ts';
import { type SettleDeps, checkLateness, settleTime, warnOfNeighbors } from './publish-time.ts';
import type { StagingPolicy } from './route-deps.ts';

/** Accounts among which the one is looked for that a wrong name may have meant. */
const NAMES_COMPARED = 200;

export interface AcceptDeps extends MediaCheckDeps, SettleDeps {
  accounts: AccountRecords;
  paces: Pick<PaceStore, 'read'>;
  policy: StagingPolicy;
  /** Epoch milliseconds. */
  now: () => number;
}

export interface Accepted {
  request: PostRequest;
  warnings: FieldError[];
}

/**
 * Turns a well-formed body into a request that the pipeline can work on. Throws `post_refused` with every field at fault:
 * what is known now to fail later is refused now. What cannot be known now (S3 is away) is only warned of.
 */
export async function acceptPost(body: CreatePost, deps: AcceptDeps, signal: AbortSignal): Promise<Accepted> {
  const errors: FieldError[] = [];
  const lookup = resolveAccount(body.account, deps.accounts);
  // With Redis away, what is wrong with the rest of the request is still said.
  lookup.catch(() => undefined);
  checkText(body.text, errors);
  checkLateness(body.publishAt, body.ifLate, deps.now(), errors);
  const { media, facts, warnings, ...checked } = await checkMedia(body.media, deps, signal);
  errors.push(...checked.errors);
  const found = await lookup.catch((error: unknown) => {
    if (errors.length === 0) throw error;
  });
  if (found && 'error' in found) errors.unshift(found.error);
  if (errors.length > 0 || !found || 'error' in found) throw refusal(errors);
  const { settings, profile } = found.account;

  const createdAt = deps.now();
  const id = newPostId(profile.id, createdAt);
  const post = { id, accountId: profile.id };
  const about = { ...post, now: createdAt, warnings };
  const time = await settleTime(body.publishAt, { ...about, calendar: settings.calendar }, deps);
  await warnOfNeighbors({ ...about, ...time, withinMs: settings.conflictDistanceMs }, deps);
  return {
    request: {
      ...post,
      text: body.text,
      media,
      options: dropAbsent(body.options),
      ...time,
      leadMs: leadOf(id, facts, await deps.paces.read(profile.id), deps.policy),
      createdAt,
      ...(body.ifLate === 'skip' ? { ifLate: body.ifLate } : {}),
      ...(body.onUnknown === undefined ? {} : { onUnknown: body.onUnknown }),
    },
    warnings,
  };
}

/** The account that is named by its id or its `@username`, or what is wrong with the name. */
export async function resolveAccount(
  name: string,
  accounts: AccountRecords,
): Promise<{ account: AccountRecord } | { error: FieldError }> {
  const account = await (name.startsWith('@') ? accounts.findByUsername(name.slice(1)) : accounts.get(name));
  if (account) return { account };
  const some = await accounts.list({ limit: NAMES_COMPARED, cursor: null });
  const near = closestName(
    name,
    some.accounts.map(({ profile }) => `@${profile.username}`),
  );
  const error: FieldError = {
    path: 'account',
    code: 'unknown_account',
    detail: `There is no account ${JSON.stringify(name)}.`,
    hint: near
      ? `Did you mean ${near}? GET /v1/accounts lists the accounts.`
      : 'Name it by its id (acct_...) or its @username; GET /v1/accounts lists the accounts.',
  };
  return { error };
}
