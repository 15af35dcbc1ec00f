import type { User } from '../accounts.ts';
import type { MediaCategory, MediaType } from './categories.ts';
import { describeProcessing, readyAt } from './processing.ts';
import type { ProcessingPlan } from './processing.ts';
import type { SegmentStore } from './segments.ts';
import type { Sniffed } from './sniff.ts';

/** Subtitles as they are tied to a video; `media` is the upload of the file. */
export interface AssociatedSubtitles {
  mediaId: string;
  languageCode: string;
  displayName?: string | undefined;
  isValid: boolean;
}

/** One media upload, from initialize to the end of its life. Times are on the simulator's clock. */
export interface Upload {
  readonly id: string;
  readonly mediaKey: string;
  readonly userId: string;
  readonly owners: ReadonlySet<string>;
  readonly category: MediaCategory;
  readonly mediaType: MediaType | null;
  readonly totalBytes: number;
  readonly oneShot: boolean;
  readonly segments: SegmentStore;
  readonly initializedAt: number;
  /** `refused`: finalize found something wrong; the id is of no more use. */
  phase: 'open' | 'finalized' | 'refused';
  expiresAt: number;
  finalizedAt?: number;
  processing?: ProcessingPlan;
  /** When STATUS was last answered. */
  polledAt?: number;
  sha256?: string | null;
  sniffed?: Sniffed | undefined;
  altText?: string;
  metadata: Record<string, unknown>;
  subtitles: AssociatedSubtitles[];
  postIds: string[];
  /** Media bytes of all appends that came whole, and body bytes of those that broke off. */
  bytesReceived: number;
}

export type UploadState =
  | 'uploading'
  | 'pending'
  | 'in_progress'
  | 'succeeded'
  | 'failed'
  | 'refused'
  | 'expired';

export function uploadState(upload: Upload, now: number): UploadState {
  if (upload.phase === 'refused') return 'refused';
  if (upload.expiresAt <= now) return 'expired';
  if (upload.phase === 'open') return 'uploading';
  return upload.processing === undefined ? 'succeeded' : describeProcessing(upload.processing, now).state;
}

/** The instant from which the upload can be attached; undefined before finalize or if that never comes. */
export function uploadReadyAt(upload: Upload): number | undefined {
  return upload.processing === undefined ? upload.finalizedAt : readyAt(upload.processing);
}

/** Whether `user` may use the upload: its uploader and those named as additional owners. */
export function isOwner(upload: Upload, user: User): boolean {
  return upload.userId === user.id || upload.owners.has(user.id);
}
