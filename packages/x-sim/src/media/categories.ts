/** Kinds of media that X treats differently. */
export type MediaKind = 'image' | 'gif' | 'video' | 'subtitles';

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

/** The one-shot endpoint takes everything but amplify_video. */
export const ONE_SHOT_CATEGORIES = MEDIA_CATEGORIES.filter((category) => category !== 'amplify_video');

/**
 * The number in front of a media key. 3, 7, 13 and 16 are seen on X; the others are not published and made up here so
 * that keys of different categories differ.
 */
const KEY_PREFIXES: Record<MediaCategory, number> = {
  tweet_image: 3,
  tweet_video: 7,
  amplify_video: 13,
  tweet_gif: 16,
  dm_image: 4,
  dm_video: 8,
  dm_gif: 17,
  subtitles: 20,
};

const KINDS: Record<MediaCategory, MediaKind> = {
  tweet_image: 'image',
  tweet_video: 'video',
  amplify_video: 'video',
  tweet_gif: 'gif',
  dm_image: 'image',
  dm_video: 'video',
  dm_gif: 'gif',
  subtitles: 'subtitles',
};

export function mediaKeyOf(category: MediaCategory, mediaId: string): string {
  return `${KEY_PREFIXES[category]}_${mediaId}`;
}

export function kindOf(category: MediaCategory): MediaKind {
  return KINDS[category];
}

/** What X takes for the category when none is named. */
export function inferCategory(mediaType: MediaType): MediaCategory {
  if (mediaType === 'image/gif') return 'tweet_gif';
  if (mediaType.startsWith('video/')) return 'tweet_video';
  return mediaType.startsWith('text/') ? 'subtitles' : 'tweet_image';
}

/** Whether media of this type may be uploaded under this category. A GIF may pass as a plain image. */
export function typeFits(category: MediaCategory, mediaType: MediaType): boolean {
  switch (kindOf(category)) {
    case 'image':
      return mediaType.startsWith('image/');
    case 'gif':
      return mediaType === 'image/gif';
    case 'video':
      return mediaType.startsWith('video/');
    case 'subtitles':
      return mediaType.startsWith('text/');
  }
}

/** The `type` of the media when it is read back. */
export function readType(category: MediaCategory): 'photo' | 'animated_gif' | 'video' {
  const kind = kindOf(category);
  if (kind === 'gif') return 'animated_gif';
  return kind === 'video' ? 'video' : 'photo';
}
