import type { Segment } from './media/segments.ts';
import { uploadReadyAt, uploadState } from './media/upload.ts';
import type { Upload, UploadState } from './media/upload.ts';
import type { World } from './world.ts';

/** One upload as the simulator saw it. Instants are epoch ms on its clock. */
export interface LedgerUpload {
  mediaId: string;
  mediaKey: string;
  userId: string;
  category: string;
  mediaType: string | null;
  oneShot: boolean;
  totalBytes: number;
  state: UploadState;
  /** Of the whole media in segment order, once finalized; null if a segment was replaced by other bytes. */
  sha256: string | null;
  /** Media bytes of every append, also repeated and refused ones, plus what came of those that broke off. */
  bytesReceived: number;
  /** Bytes of distinct segments that were taken. */
  bytesAccepted: number;
  /** Bytes of segments that were taken although they had been taken before. */
  bytesRepeated: number;
  segments: Segment[];
  altText?: string;
  metadata: Record<string, unknown>;
  subtitles: { mediaId: string; languageCode: string }[];
  postIds: string[];
  initializedAt: number;
  finalizedAt?: number;
  readyAt?: number;
  expiresAt: number;
}

/** One post. `options` holds the rest of the request under X's names. */
export interface LedgerPost {
  id: string;
  userId: string;
  /** As the client sent it. */
  text: string;
  mediaIds: readonly string[];
  mediaKeys: readonly string[];
  /** Epoch ms on the simulator's clock. */
  createdAt: number;
  /** Epoch ms of the machine's clock when the request's headers had come. */
  receivedAt: number;
  deletedAt?: number;
  replacedById?: string;
  inReplyToId?: string;
  quotedId?: string;
  editHistory: readonly string[];
  isHiddenFromTimelines: boolean;
  options: Readonly<Record<string, unknown>>;
}

export interface Ledger {
  uploads: LedgerUpload[];
  /** In the order of their creation, deleted ones included. */
  posts: LedgerPost[];
  /** How often each operation ended with each status; words for those that got no answer. */
  requests: Record<string, Record<string, number>>;
  spentUsd: number;
}

/** What happened so far, all of it or one user's uploads and posts. */
export function readLedger(world: World, userId?: string): Ledger {
  const now = world.clock.now();
  const uploads = [...world.uploads.values()].filter(
    (upload) => userId === undefined || upload.userId === userId,
  );
  const posts = userId === undefined ? [...world.posts.values()] : (world.postsByUser.get(userId) ?? []);
  return {
    uploads: uploads.map((upload) => describeUpload(upload, now)),
    posts: posts.map((post) => ({ ...post })),
    requests: structuredClone(world.requests),
    spentUsd: world.spentUsd,
  };
}

function describeUpload(upload: Upload, now: number): LedgerUpload {
  const readyAt = uploadReadyAt(upload);
  return {
    mediaId: upload.id,
    mediaKey: upload.mediaKey,
    userId: upload.userId,
    category: upload.category,
    mediaType: upload.mediaType,
    oneShot: upload.oneShot,
    totalBytes: upload.totalBytes,
    state: uploadState(upload, now),
    sha256: upload.sha256 ?? null,
    bytesReceived: upload.bytesReceived,
    bytesAccepted: upload.segments.bytes(),
    bytesRepeated: upload.segments.repeatedBytes(),
    segments: upload.segments.list(),
    ...(upload.altText === undefined ? {} : { altText: upload.altText }),
    metadata: upload.metadata,
    subtitles: upload.subtitles.map(({ mediaId, languageCode }) => ({ mediaId, languageCode })),
    postIds: [...upload.postIds],
    initializedAt: upload.initializedAt,
    ...(upload.finalizedAt === undefined ? {} : { finalizedAt: upload.finalizedAt }),
    ...(readyAt === undefined ? {} : { readyAt }),
    expiresAt: upload.expiresAt,
  };
}
