import type { MediaCategory, MediaType, Source } from './vocabulary.ts';

/**
 * What X says about media, as far as it can be checked before sending. Source: X docs, media introduction and best practices.
 * X does not say whether its megabytes are 10^6 or 2^20; the smaller reading is used.
 */
export const MAX_BYTES: Record<MediaCategory, number> = {
  tweet_image: 5_000_000,
  tweet_gif: 15_000_000,
  tweet_video: 512_000_000,
  amplify_video: 512_000_000,
};

const GIF_MAX = { width: 1280, height: 1080 };
const VIDEO_MIN_SIDE = 32;
const VIDEO_MIN_MS = 500;
/** Above this only accounts with long-video permission succeed, through `amplify_video`. */
export const VIDEO_MAX_MS = 140_000;
const VIDEO_CODECS = new Set(['avc', 'hevc']);

export interface MediaProblem {
  code: 'media_type_unsupported' | 'media_too_large' | 'media_rule' | 'media_mix';
  message: string;
  hint: string;
}

type Facts = Omit<Source, 'etag' | 'versionId' | 'checksum'>;

export function categoryFor(mediaType: MediaType, asked: MediaCategory | null): MediaCategory {
  if (asked) return asked;
  if (mediaType === 'image/gif') return 'tweet_gif';
  return mediaType.startsWith('video/') ? 'tweet_video' : 'tweet_image';
}

/** The first of X's rules that the object breaks, or null. */
export function checkMedia(facts: Facts, category: MediaCategory): MediaProblem | null {
  return checkCategory(facts, category) ?? checkSize(facts, category) ?? checkShape(facts, category);
}

function checkCategory(facts: Facts, category: MediaCategory): MediaProblem | null {
  if (category === 'amplify_video' && facts.mediaType.startsWith('video/')) return null;
  const fitting = categoryFor(facts.mediaType, null);
  if (category === fitting) return null;
  return {
    code: 'media_type_unsupported',
    message: `The object is ${facts.mediaType}, which does not go as ${category}.`,
    hint: `Leave category out, or use ${fitting}.`,
  };
}

function checkSize(facts: Facts, category: MediaCategory): MediaProblem | null {
  if (facts.bytes <= MAX_BYTES[category]) return null;
  return {
    code: 'media_too_large',
    message: `The object has ${facts.bytes} bytes; X takes at most ${MAX_BYTES[category]} for ${category}.`,
    hint: 'Make the file smaller and put it under the same key, or name another object.',
  };
}

function checkShape(facts: Facts, category: MediaCategory): MediaProblem | null {
  const { width, height, durationMs, codec } = facts;
  const rule = (message: string, hint: string): MediaProblem => ({ code: 'media_rule', message, hint });
  if (category === 'tweet_gif' && width !== null && height !== null) {
    if (width > GIF_MAX.width || height > GIF_MAX.height) {
      return rule(`The GIF is ${width}x${height}; X takes at most 1280x1080.`, 'Scale the GIF down.');
    }
  }
  if (!facts.mediaType.startsWith('video/')) return null;
  if (codec !== null && !VIDEO_CODECS.has(codec)) {
    return rule(
      `The video is encoded as ${codec}; X asks for H.264.`,
      'Encode the video as H.264 with AAC sound.',
    );
  }
  if (width !== null && height !== null) {
    if (Math.min(width, height) < VIDEO_MIN_SIDE) {
      return rule(
        `The video is ${width}x${height}; X takes no side under ${VIDEO_MIN_SIDE}.`,
        'Scale the video up.',
      );
    }
    if (Math.max(width / height, height / width) > 3) {
      return rule(
        `The video is ${width}x${height}; X takes sides between 1:3 and 3:1.`,
        'Crop or pad the video.',
      );
    }
  }
  if (durationMs !== null && durationMs < VIDEO_MIN_MS) {
    return rule(
      `The video lasts ${durationMs} ms; X takes no less than ${VIDEO_MIN_MS} ms.`,
      'Use a longer video.',
    );
  }
  if (durationMs !== null && durationMs > VIDEO_MAX_MS && category === 'tweet_video') {
    return rule(
      `The video lasts ${Math.round(durationMs / 1000)} s; X takes at most 140 s as tweet_video.`,
      'Cut the video, or ask for category amplify_video if the account may post long videos.',
    );
  }
  return null;
}

/** X takes up to four images, or one GIF, or one video in a post. */
export function checkMix(categories: readonly MediaCategory[]): MediaProblem | null {
  const moving = categories.filter((category) => category !== 'tweet_image').length;
  if (moving === 0 || categories.length === 1) return null;
  return {
    code: 'media_mix',
    message: `A post takes up to four images, or one GIF, or one video; this one has ${describeMix(categories)}.`,
    hint: 'Split the media over several posts.',
  };
}

function describeMix(categories: readonly MediaCategory[]): string {
  const counts = new Map<string, number>();
  const names = {
    tweet_image: 'image',
    tweet_gif: 'GIF',
    tweet_video: 'video',
    amplify_video: 'video',
  } as const;
  for (const category of categories) counts.set(names[category], (counts.get(names[category]) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} ${name}${count > 1 ? 's' : ''}`).join(' and ');
}
