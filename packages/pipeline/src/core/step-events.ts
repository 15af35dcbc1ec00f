import type { Segment } from './chunk-plan.ts';
import type { Problem } from './problems.ts';
import type { ChangedHistory, Encoding, MediaCategory, Source, Waiting } from './vocabulary.ts';

/** The next effect to perform. `item` is the index of the media item; `mediaId` pins the upload session that is meant. */
export type Action =
  | { do: 'inspect'; item: number }
  | { do: 'upload_once'; item: number; encoding: Encoding }
  | { do: 'initialize'; item: number }
  | { do: 'append'; item: number; mediaId: string; segment: Segment; encoding: Encoding }
  | { do: 'finalize'; item: number; mediaId: string }
  | { do: 'poll'; item: number; mediaId: string }
  | { do: 'describe'; item: number; mediaId: string }
  | { do: 'create' }
  | { do: 'confirm' };

/** Names an action among those in flight. */
export function keyOf(action: Action): string {
  if (action.do === 'create' || action.do === 'confirm') return action.do;
  return action.do === 'append'
    ? `append:${action.item}:${action.segment.index}`
    : `${action.do}:${action.item}`;
}

/** What X said of the processing of a media item. Source: X docs, media upload status. */
export interface ProcessingReport {
  state: string;
  checkAfterMs: number | null;
  progressPercent: number | null;
  error: { name: string | null; message: string | null } | null;
}

interface Uploaded {
  item: number;
  at: number;
  mediaId: string;
  mediaKey: string | null;
  expiresAt: number;
}

/** Why an upload is of no more use: `expiring` while there is time for another one before the post is due, `expired` at that time. */
export type LapseReason = 'expired' | 'expiring' | 'processing_timeout';

/** What happened, as it is folded into the state. */
export type StepEvent =
  | { type: 'taken_over'; at: number; abandoned: boolean; jitter: number }
  | { type: 'inspected'; at: number; item: number; source: Source; category: MediaCategory }
  | ({ type: 'uploaded_once'; processing: ProcessingReport | null } & Uploaded)
  | ({ type: 'initialized' } & Uploaded)
  | {
      type: 'appended';
      at: number;
      item: number;
      mediaId: string;
      segment: number;
      /** Of the segment's bytes; null where the object has none. */
      checksum: string | null;
    }
  | {
      type: 'finalized';
      at: number;
      item: number;
      mediaId: string;
      expiresAt: number | null;
      processing: ProcessingReport | null;
    }
  | { type: 'polled'; at: number; item: number; mediaId: string; processing: ProcessingReport | null }
  | { type: 'described'; at: number; item: number; mediaId: string }
  | { type: 'upload_lapsed'; at: number; item: number; reason: LapseReason }
  | { type: 'intended'; at: number; deadline: number }
  | { type: 'created'; at: number; xPostId: string }
  /** The action was not begun: nothing may be done as the account, or nothing of this kind, for now. Uses no attempt. */
  | { type: 'held'; at: number; action: Action; waiting: Waiting }
  /** The intent stands, and its call was surely not made. */
  | { type: 'called_off'; at: number; message: string; jitter: number }
  /** Redis has another history than the post knows: writes may be lost, unless they were all on disk. */
  | ({ type: 'history_changed'; at: number } & ChangedHistory)
  /** The account's timeline was read to its end; null: the post is not on it. `alike`: an id that may be this post, or another one. */
  | {
      type: 'looked';
      at: number;
      found: { xPostId: string; publishedAt: number } | null;
      alike?: string;
      /** Posts that X was asked for. */
      reads?: number;
    }
  | { type: 'missed'; at: number }
  | { type: 'failed'; at: number; action: Action; problem: Problem; jitter: number }
  | { type: 'waited'; at: number; waiting: Waiting };
