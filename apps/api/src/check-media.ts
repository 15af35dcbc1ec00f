import { type Objects, SourceError, inspectMedia } from '@slipway/pipeline';
import { type MediaCategory, type MediaRequest, type StagingItem, checkMix } from '@slipway/pipeline/core';
import { formatPath } from './field-errors.ts';
import type { CreatePost } from './post-request.ts';
import type { FieldError } from './problems.ts';

export interface MediaCheckDeps {
  objects: Objects;
  /** How long S3 may take to tell what the media are; after that the post is accepted unseen. */
  inspectTimeoutMs: number;
}

export interface CheckedMedia {
  media: MediaRequest[];
  /** What was learned of each; nulls where the store could not tell. */
  facts: StagingItem[];
  errors: FieldError[];
  warnings: FieldError[];
}

/** Looks at every object, and at whether X takes them together. */
export async function checkMedia(
  given: CreatePost['media'],
  deps: MediaCheckDeps,
  signal: AbortSignal,
): Promise<CheckedMedia> {
  const media = given.map((item): MediaRequest => ({
    ...item,
    versionId: item.versionId ?? null,
    altText: item.altText ?? null,
    category: item.category ?? null,
  }));
  const looks = await Promise.all(media.map((item, index) => look(item, index, deps, signal)));
  const errors = looks.flatMap(({ error }) => error ?? []);
  const mix = checkMix(looks.flatMap(({ found }) => found?.category ?? []));
  if (mix) errors.push({ path: 'media', code: mix.code, detail: mix.message, hint: mix.hint });
  return {
    media,
    facts: looks.map(({ found }, item) => found ?? { category: media[item]?.category ?? null, bytes: null }),
    errors,
    warnings: looks.flatMap(({ warning }) => warning ?? []),
  };
}

interface Look {
  found?: StagingItem & { category: MediaCategory };
  error?: FieldError;
  warning?: FieldError;
}

/** Looks at a media item: what it is, or what is wrong with it, or that this cannot be told now. */
async function look(
  item: MediaRequest,
  index: number,
  { objects, inspectTimeoutMs }: MediaCheckDeps,
  signal: AbortSignal,
): Promise<Look> {
  const timeout = AbortSignal.timeout(inspectTimeoutMs);
  const options = { signal: AbortSignal.any([timeout, signal]) };
  const watched = watchObjects(objects);
  try {
    const found = await inspectMedia(watched.objects, item, options);
    if (found.ok) return { found: { category: found.category, bytes: found.source.bytes } };
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
