import { announce } from './announce.ts';
import { CLOCK_SKEW_MS } from './confirm.ts';
import type { PostEvent } from './post-events.ts';
import { failPost, publish, statusBeforePublishing } from './transitions.ts';
import type { PostRecord, PostState } from './vocabulary.ts';

/** What a person found out about a post in doubt. */
export type Resolution =
  /** It is on X, under this id; `publishedAt` is when X made it. */
  | { outcome: 'published'; xPostId: string; publishedAt: number }
  /** It is not there: create it. */
  | { outcome: 'retry' }
  /** It is not there, and need not be. */
  | { outcome: 'fail' };

export type Resolved =
  | { state: PostState; events: PostEvent[]; startAt: number | null }
  /** Its outcome is known, or nobody has asked yet. */
  | { refused: 'not_in_doubt' }
  /** The call may still be under way until then: whoever looks now may look too early. */
  | { refused: 'too_early'; until: number };

/** Settles a post whose outcome on X is not known by the word of a person. */
export function resolvePost({ state }: PostRecord, now: number, resolution: Resolution): Resolved {
  const open = state.status === 'publishing' ? state.publish.doubt : null;
  if (!open && state.status !== 'unconfirmed') return { refused: 'not_in_doubt' };
  // A worker found it unconfirmed only after its last look.
  const until = open ? open.deadline + CLOCK_SKEW_MS : 0;
  if (resolution.outcome !== 'published' && now < until) return { refused: 'too_early', until };
  const next = resolved(state);
  return {
    state: next,
    events: announce(state, next, now),
    startAt: resolution.outcome === 'retry' ? now : null,
  };

  function resolved(from: PostState): PostState {
    const settled: PostState = { ...from, failure: null };
    switch (resolution.outcome) {
      case 'published':
        return publish(settled, { xPostId: resolution.xPostId, at: resolution.publishedAt });
      case 'retry': {
        const ready: PostState = {
          ...settled,
          waiting: null,
          hold: null,
          publish: { ...settled.publish, intent: null, doubt: null, strikes: {}, evenIfLate: true },
        };
        return { ...ready, status: statusBeforePublishing(ready) };
      }
      case 'fail':
        return failPost(settled, {
          code: 'not_published',
          message: 'A person looked, did not find the post on X, and gave it up.',
          step: 'confirm',
          field: null,
          hint: 'To post it all the same: POST /v1/posts/{id}/retry.',
          at: now,
        });
    }
  }
}
