import type { PostNews } from './follow-post.ts';

/** A post as the demo shows it: one line that follows its news. */
export interface PostLine {
  readonly label: string;
  /** The last step that was told. */
  readonly step: string;
  readonly segmentsDone: number;
  readonly segments: number;
  hear(news: PostNews): void;
  say(note: string): void;
  text(): string;
}

const MIB = 1024 * 1024;

export function createPostLine(label: string, itemCount: number, now: () => number): PostLine {
  let step = 'scheduled';
  let note = '';
  let segmentsDone = 0;
  let segments = 0;
  let bytesSent = 0;
  let totalBytes = 0;
  let speed = 0;
  let last: { at: number; bytes: number } | undefined;
  const ready = new Set<number>();

  const measure = (bytes: number): void => {
    const at = now();
    if (last && at > last.at && bytes >= last.bytes) speed = ((bytes - last.bytes) / (at - last.at)) * 1000;
    last = { at, bytes };
    bytesSent = bytes;
  };

  return {
    label,
    get step() {
      return step;
    },
    get segmentsDone() {
      return segmentsDone;
    },
    get segments() {
      return segments;
    },
    hear({ type, data, media }) {
      if (media) {
        note = '';
        segmentsDone = media.reduce((sum, item) => sum + item.segmentsDone, 0);
        segments = media.reduce((sum, item) => sum + item.segments, 0);
        totalBytes = media.reduce((sum, item) => sum + item.totalBytes, 0);
        measure(media.reduce((sum, item) => sum + item.bytesSent, 0));
        return;
      }
      if (type === 'media.advanced') {
        if (data?.step === 'ready') ready.add(data.item ?? 0);
        step = data?.step ?? step;
        if (step === 'finalize') [segmentsDone, bytesSent] = [segments, totalBytes];
      } else if (type === 'post.retrying') note = data?.message ?? '';
      else if (type !== 'post.waiting') step = type.replace('post.', '');
    },
    say(text) {
      note = text;
    },
    text() {
      const items = itemCount > 1 ? `${ready.size}/${itemCount} ready` : '';
      const parts =
        segments > 0
          ? `segments ${segmentsDone}/${segments}  ${(bytesSent / MIB).toFixed(1)}/${(totalBytes / MIB).toFixed(1)} MiB`
          : '';
      const rate = step === 'append' && speed > 0 && !note ? `${(speed / MIB).toFixed(1)} MiB/s` : '';
      return [label.padEnd(12), step.padEnd(11), items, parts, rate, note && `(${note})`]
        .filter(Boolean)
        .join('  ');
    },
  };
}
