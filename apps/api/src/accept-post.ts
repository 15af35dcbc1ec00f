import { closestName } from '@slipway/config';
import { type Objects, SourceError, inspectMedia } from '@slipway/pipeline';
import { weighText } from '@slipway/pipeline/text';
import { type MediaCategory, type MediaRequest, type PostRequest, checkMix } from '@slipway/pipeline/core';
import { type AccountRecords, newPostId } from '@slipway/store';
import { formatPath } from './field-errors.ts';
import { formatInstant, parseInstant } from './instants.ts';
import type { CreatePost } from './post-request.ts';
import { type FieldError, Problem } from './problems.ts';

/** Counting takes time that grows with the square of the length for some texts; this keeps it under half a second. */
const COUNTABLE_CHARACTERS = 10_000;

/** Accounts among which the one is looked for that a wrong name may have meant. */
const NAMES_COMPARED = 200;

export interface AcceptDeps {
  accounts: AccountRecords;
  objects: Objects;
  /** Epoch milliseconds. */
  now: () => number;
  /** How long S3 may take to tell what the media are; after that the post is accepted unseen. */
  inspectTimeoutMs: number;
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
  const warnings: FieldError[] = [];
  const lookup = resolveAccount(body.account, deps.accounts);
  // With Redis away, what is wrong with the rest of the request is still said.
  lookup.catch(() => undefined);
  checkText(body.text, errors);
  checkLateness(body, deps.now(), errors);
  const media = body.media.map((item): MediaRequest => ({
    ...item,
    versionId: item.versionId ?? null,
    altText: item.altText ?? null,
    category: item.category ?? null,
  }));
  const looks = await Promise.all(media.map((item, index) => look(item, index, deps, signal)));
  for (const each of looks) {
    if (each.error) errors.push(each.error);
    if (each.warning) warnings.push(each.warning);
  }
  const categories = looks.flatMap(({ category }) => category ?? []);
  const mix = checkMix(categories);
  if (mix) errors.push({ path: 'media', code: mix.code, detail: mix.message, hint: mix.hint });
  const account = await lookup.catch((error: unknown) => {
    if (errors.length === 0) throw error;
  });
  if (account && 'error' in account) errors.unshift(account.error);
  if (errors.length > 0 || !account || 'error' in account) throw refusal(errors);
  const accountId = account.id;

  const createdAt = deps.now();
  const publishAt = settleTime(body.publishAt, createdAt, warnings);
  const id = newPostId(accountId, createdAt);
  return {
    request: {
      id,
      accountId,
      text: body.text,
      media,
      options: dropAbsent(body.options),
      publishAt,
      createdAt,
      ...(body.ifLate === 'skip' ? { ifLate: body.ifLate } : {}),
      ...(body.onUnknown === undefined ? {} : { onUnknown: body.onUnknown }),
    },
    warnings,
  };
}

/** The id of an account that is named by its id or its `@username`, or what is wrong with the name. */
export async function resolveAccount(
  name: string,
  accounts: AccountRecords,
): Promise<{ id: string } | { error: FieldError }> {
  const found = await (name.startsWith('@') ? accounts.findByUsername(name.slice(1)) : accounts.get(name));
  if (found) return { id: found.profile.id };
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

function checkText(text: string, errors: FieldError[]): void {
  if (text.length > COUNTABLE_CHARACTERS) {
    errors.push({
      path: 'text',
      code: 'text_too_long',
      detail: `The text has ${text.length} characters; the limit is 280 by X's weighted count, and at most ${COUNTABLE_CHARACTERS} are counted.`,
      hint: 'Shorten it.',
    });
    return;
  }
  const { weightedLength, limit, valid } = weighText(text);
  if (valid || text === '') return;
  errors.push({
    path: 'text',
    code: 'text_too_long',
    detail: `The text counts ${weightedLength} by X's weighted count; the limit is ${limit}.`,
    hint: `Shorten it by ${weightedLength - limit}. A URL counts 23, an emoji 2, and most characters of Asian scripts 2.`,
  });
}

/** A post whose time has passed goes out at once, unless it says that it is not to be late. */
function checkLateness({ publishAt, ifLate }: CreatePost, now: number, errors: FieldError[]): void {
  if (publishAt === undefined || ifLate !== 'skip' || parseInstant(publishAt) >= now) return;
  errors.push({
    path: 'publishAt',
    code: 'in_the_past',
    detail: `${formatInstant(parseInstant(publishAt))} is in the past, and the post is not to be posted late.`,
    hint: 'Give a time to come, or set ifLate to "publish".',
  });
}

interface Look {
  category?: MediaCategory;
  error?: FieldError;
  warning?: FieldError;
}

/** Looks at a media item: what it is, or what is wrong with it, or that this cannot be told now. */
async function look(
  item: MediaRequest,
  index: number,
  { objects, inspectTimeoutMs }: AcceptDeps,
  signal: AbortSignal,
): Promise<Look> {
  const timeout = AbortSignal.timeout(inspectTimeoutMs);
  const options = { signal: AbortSignal.any([timeout, signal]) };
  const watched = watchObjects(objects);
  try {
    const found = await inspectMedia(watched.objects, item, options);
    if (found.ok) return { category: found.category };
    const { code, message, hint, retryable } = found.problem;
    const isCategory =
      code === 'media_type_unsupported' &&
      item.category !== null &&
      (await inspectMedia(objects, { ...item, category: null }, options)).ok;
    const field = isCategory ? 'category' : watched.hasBucket() ? 'key' : 'bucket';
    const remark = { path: formatPath(['media', index, field]), code, detail: message, hint };
    return retryable ? { warning: remark } : { error: remark };
  } catch (error) {
    if (!timeout.aborted) throw error;
    const path = formatPath(['media', index]);
    const detail = `The S3 store did not tell within ${inspectTimeoutMs} ms what this object is.`;
    const hint = 'Nothing needs to be done: it is asked again when the post is worked on.';
    return { warning: { path, code: 'source_unavailable', detail, hint } };
  }
}

/** To the pipeline a missing bucket and a missing object are one failure; here they are two fields of the request. */
function watchObjects(objects: Objects): { objects: Objects; hasBucket: () => boolean } {
  let hasBucket = true;
  const open: Objects['open'] = async (name, signal) => {
    try {
      return await objects.open(name, signal);
    } catch (error) {
      if (error instanceof SourceError && error.code === 'no_bucket') hasBucket = false;
      throw error;
    }
  };
  return { objects: { ...objects, open }, hasBucket: () => hasBucket };
}

function settleTime(asked: string | undefined, now: number, warnings: FieldError[]): number {
  if (asked === undefined) return now;
  const publishAt = parseInstant(asked);
  if (publishAt >= now) return publishAt;
  warnings.push({
    path: 'publishAt',
    code: 'in_the_past',
    detail: `${formatInstant(publishAt)} is in the past; the post is published now.`,
    hint: 'Cancel the post if it is too late for it.',
  });
  return now;
}

function refusal(errors: FieldError[]): Problem {
  const [first] = errors;
  return new Problem('post_refused', {
    detail: errors.length === 1 && first ? first.detail : `${errors.length} things are wrong with this post.`,
    hint: errors.length === 1 && first ? first.hint : 'Each of them is in errors, with its remedy.',
    errors,
  });
}

/** Zod leaves keys of absent options out, but its types do not say so. */
function dropAbsent(options: CreatePost['options']): PostRequest['options'] {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
