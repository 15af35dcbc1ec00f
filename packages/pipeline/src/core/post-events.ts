import type { EditableField, Failure, MediaStep, Status, Waiting } from './vocabulary.ts';

/** What a post's followers are told: one entry of its event stream. */
export type PostEvent =
  | { type: `post.${Status}`; at: number; data: PostEventData }
  | { type: 'post.edited'; at: number; data: { fields: EditableField[]; publishAt: number } }
  | { type: 'post.waiting'; at: number; data: Waiting }
  | { type: 'post.retrying'; at: number; data: { item: number | null; message: string; until: number } }
  | { type: 'media.advanced'; at: number; data: { item: number; step: MediaStep } }
  | { type: 'media.restarted'; at: number; data: { item: number; reason: string } }
  | { type: 'media.warned'; at: number; data: { item: number; message: string } };

export interface PostEventData {
  failure?: Failure;
  xPostId?: string;
}

/** A lossy signal of bytes on their way, at most two a second per post; it is not an event and has no id. */
export interface Progress {
  postId: string;
  at: number;
  media: {
    item: number;
    step: MediaStep;
    bytesSent: number;
    totalBytes: number;
    segmentsDone: number;
    segments: number;
  }[];
}
