import {
  type FailureCode,
  type MediaCategory,
  type MediaRequest,
  type Problem,
  categoryFor,
  checkMedia,
  judge,
  policySchema,
} from '../core/index.ts';
import { type Facts, readFacts } from './media-facts.ts';
import type { Objects } from './objects.ts';
import { SourceError } from './source-error.ts';

export type Inspection = { source: Facts; category: MediaCategory } | { problem: Problem };

/** Looks at a media item in the store: pins it, learns what it is, and checks it against X's rules. */
export async function inspect(
  objects: Objects,
  media: MediaRequest,
  signal: AbortSignal,
): Promise<Inspection> {
  try {
    const source = await readFacts(objects, media, await objects.open(media, signal), signal);
    const category = categoryFor(source.mediaType, media.category);
    const problem = checkMedia(source, category);
    return problem ? { problem: { from: 'slipway', ...problem } } : { source, category };
  } catch (error) {
    if (error instanceof SourceError) {
      return { problem: { from: 's3', code: error.code, message: error.message } };
    }
    throw error;
  }
}

/** The same for a caller that waits for the answer: what the pipeline would say, before anything is queued. */
export async function inspectMedia(
  objects: Objects,
  media: MediaRequest,
  { signal }: { signal: AbortSignal },
): Promise<
  | { ok: true; source: Facts; category: MediaCategory }
  | { ok: false; problem: { code: FailureCode; message: string; hint: string; retryable: boolean } }
> {
  const found = await inspect(objects, media, signal);
  if ('source' in found) return { ok: true, ...found };
  const { problem } = found;
  const { verdict } = judge(problem, {
    step: 'inspect',
    now: 0,
    jitter: 0,
    policy: policySchema.parse({}),
    media: null,
    ifChanged: 'fail',
    encoding: null,
    mayBeDuplicate: false,
    strikes: () => 0,
  });
  const message = problem.from === 'x' ? '' : problem.message;
  if (verdict.do === 'fail') {
    return { ok: false, problem: { code: verdict.code, message, hint: verdict.hint, retryable: false } };
  }
  const hint = 'The store did not answer well; it is asked again when the post is worked on.';
  return { ok: false, problem: { code: 'source_unavailable', message, hint, retryable: true } };
}
