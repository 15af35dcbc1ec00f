import {
  type Action,
  type MediaState,
  type PostState,
  type Progress,
  countAcknowledged,
  countSegments,
} from './core/index.ts';

/** At most two a second per post: a signal for people who watch, not a record. */
const INTERVAL_MS = 500;

/** Counts bytes as they go out and tells it now and then. */
export function createProgress(
  postId: string,
  now: () => number,
  stateNow: () => PostState,
  publish: (progress: Progress) => void,
): { sending(action: Action): (bytes: number) => void; ended(action: Action): void } {
  const underWay = new Map<Action, number>();
  let last = 0;

  const bytesOf = (item: number, media: MediaState): number => {
    const { upload, source } = media;
    let bytes = 0;
    if (upload && source) {
      bytes = countAcknowledged(upload.acknowledged) * upload.chunkBytes;
      if (['processing', 'describe', 'ready'].includes(media.step)) bytes = source.bytes;
    }
    for (const [action, sent] of underWay) if ('item' in action && action.item === item) bytes += sent;
    // The last segment is shorter than it is counted.
    return Math.min(bytes, source?.bytes ?? 0);
  };

  const tell = (at: number): void => {
    last = at;
    const media = stateNow().media.map((each, item) => {
      const segments =
        each.source && each.upload ? countSegments(each.source.bytes, each.upload.chunkBytes) : 0;
      return {
        item,
        step: each.step,
        bytesSent: bytesOf(item, each),
        totalBytes: each.source?.bytes ?? 0,
        segmentsDone: each.upload ? countAcknowledged(each.upload.acknowledged) : 0,
        segments,
      };
    });
    publish({ postId, at, media });
  };

  return {
    sending: (action) => (bytes) => {
      underWay.set(action, (underWay.get(action) ?? 0) + bytes);
      const at = now();
      if (at - last >= INTERVAL_MS) tell(at);
    },
    ended: (action) => void underWay.delete(action),
  };
}
