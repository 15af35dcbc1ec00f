import type { CallOptions, XResult } from './result.ts';

/** Media types that X's API description lists for an upload. */
export const MEDIA_TYPES = [
  'video/mp4',
  'video/webm',
  'video/mp2t',
  'video/quicktime',
  'text/srt',
  'text/vtt',
  'image/jpeg',
  'image/gif',
  'image/bmp',
  'image/png',
  'image/webp',
  'image/pjpeg',
  'image/tiff',
  'model/gltf-binary',
  'model/vnd.usdz+zip',
] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

export const MEDIA_CATEGORIES = [
  'amplify_video',
  'tweet_gif',
  'tweet_image',
  'tweet_video',
  'dm_gif',
  'dm_image',
  'dm_video',
  'subtitles',
] as const;
export type MediaCategory = (typeof MEDIA_CATEGORIES)[number];

/** Bytes that come as a stream. The call reads it once and always closes it, also when it fails. */
export interface ByteStream {
  stream: AsyncIterable<Uint8Array>;
  /** Exactly what the stream will give; more or fewer aborts the request with `source_error`. */
  byteLength: number;
}

/** `multipart` is preferred; X has at times accepted only `json` (base64, a third larger). */
export type BodyEncoding = 'multipart' | 'json';

export interface InitializeInput {
  mediaType: MediaType;
  mediaCategory: MediaCategory;
  /** Sum of all segments, exactly; at most 17,179,869,184. */
  totalBytes: number;
  /** User ids that may attach the media as well. */
  additionalOwners?: readonly string[];
  shared?: boolean;
}

export interface InitializedUpload {
  id: string;
  mediaKey?: string;
  /** Seconds left to finish the upload. */
  expiresAfterSecs?: number;
}

export interface AppendInput {
  mediaId: string;
  /** 0 to 999. Repeating an index with the same bytes is X's documented way to recover a chunk. */
  segmentIndex: number;
  /** At least one byte. X's command line tool sends 4 MiB; 5 MiB has been answered with 413. */
  media: Uint8Array | ByteStream;
  encoding?: BodyEncoding;
  /** Called with the media bytes (not their encoding) of each piece handed to the connection. */
  onBytes?: (bytes: number) => void;
}

export interface AppendedSegment {
  /** Epoch milliseconds, when X says so; an empty 2xx is a success too. */
  expiresAt?: number;
}

export interface MediaIdInput {
  mediaId: string;
}

export interface UploadInput {
  /** X's prose allows images up to 5,000,000 bytes this way. */
  media: Uint8Array | ByteStream;
  mediaCategory: Exclude<MediaCategory, 'amplify_video'>;
  encoding?: BodyEncoding;
  additionalOwners?: readonly string[];
  onBytes?: (bytes: number) => void;
}

/** An `error` ends processing whatever `state` says: X has been seen stuck at 99 % `in_progress` with one. */
export interface MediaProcessing {
  /** `pending`, `in_progress`, `succeeded`, `failed`, or a word X adds later. */
  state: string;
  checkAfterSecs?: number;
  /** For people only; never decide by it. */
  progressPercent?: number;
  error?: { code?: number; name?: string; message?: string };
}

/** Answer to finalize, status and one-shot upload. No `processing` means ready now. */
export interface MediaUpload {
  id: string;
  mediaKey?: string;
  sizeBytes?: number;
  /** Seconds left to attach the media to a post. */
  expiresAfterSecs?: number;
  image?: { width?: number; height?: number; type?: string };
  video?: { type?: string };
  processing?: MediaProcessing;
}

export interface MetadataInput {
  mediaId: string;
  /** At most 1000 characters. */
  altText?: string;
  sensitiveMediaWarning?: { adultContent?: boolean; graphicViolence?: boolean; other?: boolean };
  allowDownload?: boolean;
  audiencePolicy?: { creatorSubscriptions?: readonly string[]; xSubscriptions?: readonly string[] };
  /** Epoch milliseconds; sent in seconds. */
  contentExpiresAt?: number;
  domainWhitelist?: readonly string[];
  /** ISO alpha-2; exactly one of the two lists non-empty. */
  geoRestrictions?: {
    whitelistedCountryCodes: readonly string[];
    blacklistedCountryCodes: readonly string[];
  };
  /** At most 8 and 24 characters. */
  foundMediaOrigin?: { provider: string; id: string };
  managed?: boolean;
  /** Media id of an uploaded image. */
  previewImageMediaId?: string;
  shared?: boolean;
  /** 1 to 25, passed as they are. */
  stickers?: ReadonlyArray<Record<string, unknown>>;
  uploadSource?: string;
}

export interface SubtitledCategory {
  /** The video's category; sent in the spelling this endpoint wants. */
  mediaCategory: 'tweet_video' | 'amplify_video';
}

export interface CreateSubtitlesInput extends SubtitledCategory {
  /** Media id of the video. */
  mediaId: string;
  subtitles: {
    /** Media id of the uploaded .srt or .vtt. */
    mediaId: string;
    /** Two capitals, e.g. `EN`. */
    languageCode: string;
    /** e.g. `English`. */
    displayName: string;
  };
}

export interface DeleteSubtitlesInput extends SubtitledCategory {
  mediaId: string;
  languageCode: string;
}

export interface AnalyticsInput {
  /** 1 to 100. */
  mediaKeys: readonly string[];
  /** Epoch milliseconds; sent to the second. */
  startTime: number;
  /** Epoch milliseconds; sent to the second. */
  endTime: number;
  /** Default `daily`. */
  granularity?: 'hourly' | 'daily' | 'total';
}

/** Counters; those X leaves out are absent. */
export interface VideoMetrics {
  ctaUrlClicks?: number;
  ctaWatchClicks?: number;
  playFromTap?: number;
  playback25?: number;
  playback50?: number;
  playback75?: number;
  playbackComplete?: number;
  playbackStart?: number;
  videoViews?: number;
  watchTimeMs?: number;
}

export interface MediaAnalytics {
  mediaKey: string;
  metrics: VideoMetrics;
  /** One entry a bucket; `timestamp` is ISO 8601. */
  series: Array<{ timestamp?: string; metrics: VideoMetrics }>;
}

export interface LookupInput {
  /** 1 to 100. */
  mediaKeys: readonly string[];
}

export interface MediaObject {
  mediaKey: string;
  /** `photo`, `video`, `animated_gif`. */
  type?: string;
  url?: string;
  previewImageUrl?: string;
  durationMs?: number;
  width?: number;
  height?: number;
  altText?: string;
  viewCount?: number;
  variants: Array<{ bitRate?: number; contentType?: string; url?: string }>;
}

export interface MediaCalls {
  initialize: (input: InitializeInput, call?: CallOptions) => Promise<XResult<InitializedUpload>>;
  append: (input: AppendInput, call?: CallOptions) => Promise<XResult<AppendedSegment>>;
  finalize: (input: MediaIdInput, call?: CallOptions) => Promise<XResult<MediaUpload>>;
  /** Only for media whose finalize answered with `processing`; X has no status for images. */
  status: (input: MediaIdInput, call?: CallOptions) => Promise<XResult<MediaUpload>>;
  /** One request for a whole file: images only, says X's prose. */
  upload: (input: UploadInput, call?: CallOptions) => Promise<XResult<MediaUpload>>;
  setMetadata: (input: MetadataInput, call?: CallOptions) => Promise<XResult<{ id: string }>>;
  createSubtitles: (input: CreateSubtitlesInput, call?: CallOptions) => Promise<XResult<{ id: string }>>;
  deleteSubtitles: (
    input: DeleteSubtitlesInput,
    call?: CallOptions,
  ) => Promise<XResult<{ deleted: boolean }>>;
  /** The owner's own media only. Unknown keys come as `partialErrors`. */
  analytics: (input: AnalyticsInput, call?: CallOptions) => Promise<XResult<MediaAnalytics[]>>;
  /** Unknown keys come as `partialErrors`. */
  lookup: (input: LookupInput, call?: CallOptions) => Promise<XResult<MediaObject[]>>;
}
