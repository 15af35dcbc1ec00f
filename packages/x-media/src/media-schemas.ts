import { z } from 'zod';
import { compact, count, id, listOf, part, text } from './lenient.ts';
import type {
  InitializedUpload,
  MediaAnalytics,
  MediaObject,
  MediaProcessing,
  MediaUpload,
  VideoMetrics,
} from './media-types.ts';

export const initializedUpload = z
  .object({ id, media_key: text, expires_after_secs: count })
  .transform((data): InitializedUpload =>
    compact({ id: data.id, mediaKey: data.media_key, expiresAfterSecs: data.expires_after_secs }),
  );

export const appendedSegment = z.object({ expires_at: count });

/** `error` is in no published schema, and does come. */
const processing = z
  .object({
    state: text,
    check_after_secs: count,
    progress_percent: count,
    error: part({ code: count, name: text, message: text }),
  })
  .transform((info): MediaProcessing => {
    const { error } = info;
    return compact({
      // Processing was announced, so without a word for its state it is not over.
      state: info.state ?? 'pending',
      checkAfterSecs: info.check_after_secs,
      progressPercent: info.progress_percent,
      error: error === undefined ? undefined : compact(error),
    });
  });

export const mediaUpload = z
  .object({
    id,
    media_key: text,
    size: count,
    expires_after_secs: count,
    image: part({ w: count, h: count, image_type: text }),
    video: part({ video_type: text }),
    // Unreadable is not absent: absent means ready.
    processing_info: processing.nullish(),
  })
  .transform(({ image, video, ...data }): MediaUpload =>
    compact({
      id: data.id,
      mediaKey: data.media_key,
      sizeBytes: data.size,
      expiresAfterSecs: data.expires_after_secs,
      image: image && compact({ width: image.w, height: image.h, type: image.image_type }),
      video: video && compact({ type: video.video_type }),
      processing: data.processing_info ?? undefined,
    }),
  );

export const withId = z.object({ id: id.optional().catch(() => undefined) });
export const withDeleted = z.object({ deleted: z.boolean().optional() });

const counters = {
  cta_url_clicks: count,
  cta_watch_clicks: count,
  play_from_tap: count,
  playback25: count,
  playback50: count,
  playback75: count,
  playback_complete: count,
  playback_start: count,
  video_views: count,
  watch_time_ms: count,
};

function readMetrics(data: z.infer<z.ZodObject<typeof counters>>): VideoMetrics {
  return compact({
    ctaUrlClicks: data.cta_url_clicks,
    ctaWatchClicks: data.cta_watch_clicks,
    playFromTap: data.play_from_tap,
    playback25: data.playback25,
    playback50: data.playback50,
    playback75: data.playback75,
    playbackComplete: data.playback_complete,
    playbackStart: data.playback_start,
    videoViews: data.video_views,
    watchTimeMs: data.watch_time_ms,
  });
}

const bucket = z
  .object({ timestamp: text, metrics: part(counters) })
  .transform(({ timestamp, metrics }) => compact({ timestamp, metrics: readMetrics(metrics ?? {}) }));

export const analyticsFields = ['media_key', 'timestamp', 'timestamped_metrics', ...Object.keys(counters)];

export const mediaAnalytics = listOf(
  z
    .object({ media_key: z.string(), timestamped_metrics: listOf(bucket), ...counters })
    .transform((data): MediaAnalytics => ({
      mediaKey: data.media_key,
      metrics: readMetrics(data),
      series: data.timestamped_metrics,
    })),
);

export const mediaFields = [
  'alt_text',
  'duration_ms',
  'height',
  'media_key',
  'preview_image_url',
  'public_metrics',
  'type',
  'url',
  'variants',
  'width',
];

const variant = z
  .object({ bit_rate: count, content_type: text, url: text })
  .transform((data) => compact({ bitRate: data.bit_rate, contentType: data.content_type, url: data.url }));

export const mediaObjects = listOf(
  z
    .object({
      media_key: z.string(),
      type: text,
      url: text,
      preview_image_url: text,
      duration_ms: count,
      width: count,
      height: count,
      alt_text: text,
      public_metrics: part({ view_count: count }),
      variants: listOf(variant),
    })
    .transform((data): MediaObject =>
      compact({
        mediaKey: data.media_key,
        type: data.type,
        url: data.url,
        previewImageUrl: data.preview_image_url,
        durationMs: data.duration_ms,
        width: data.width,
        height: data.height,
        altText: data.alt_text,
        viewCount: data.public_metrics?.view_count,
        variants: data.variants,
      }),
    ),
);
