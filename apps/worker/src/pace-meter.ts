import type { MediaCategory, Pace, PostEvent, PostState } from '@slipway/pipeline/core';

/** The upload of less tells how long a call takes, not how fast the link is. */
const MEASURABLE_BYTES = 256 * 1024;

export interface PaceMeter {
  /** To be told of every save, in order. */
  saved(state: PostState, events: readonly PostEvent[]): void;
}

/**
 * Measures how fast the media of a post in hand go out and are processed, by what is saved of it. An upload counts only when it went
 * through in one go: what it waited for in between says nothing of the link.
 */
export function createPaceMeter(
  first: PostState,
  record: (category: MediaCategory, measured: Partial<Pace>) => void,
): PaceMeter {
  let before = first;
  const begun = new Map<number, number>();

  const advanced = (item: number, step: string, at: number, after: PostState): void => {
    if (step === 'upload_once' || step === 'append') {
      begun.set(item, at);
      return;
    }
    const { category, source } = after.media[item] ?? {};
    if (!category || !source) return;
    const since = begun.get(item);
    begun.delete(item);
    if (since !== undefined && step !== 'initialize' && source.bytes >= MEASURABLE_BYTES) {
      record(category, { bytesPerSecond: (source.bytes * 1_000) / Math.max(1, at - since) });
    }
    const processing = before.media[item]?.upload?.processing;
    if (processing && (step === 'describe' || step === 'ready')) {
      record(category, { processingMs: at - processing.startedAt });
    }
  };

  return {
    saved(state, events) {
      for (const { type, at, data } of events) {
        if (type === 'media.advanced') advanced(data.item, data.step, at, state);
      }
      before = state;
    },
  };
}
