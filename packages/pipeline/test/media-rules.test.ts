import { describe, test } from 'vitest';
import { type MediaCategory, type Source, categoryFor, checkMedia, checkMix } from '../src/core/index.ts';
import { gif, image, video } from './fixtures.ts';

const codeOf = (source: Source, category?: MediaCategory) =>
  checkMedia(source, category ?? categoryFor(source.mediaType, null))?.code ?? null;

describe('X’s rules for media', () => {
  const rows: [string, Source, MediaCategory | undefined, string | null][] = [
    ['an image of 5,000,000 bytes', { ...image, bytes: 5_000_000 }, undefined, null],
    ['an image of a byte more', { ...image, bytes: 5_000_001 }, undefined, 'media_too_large'],
    ['a GIF of 15,000,000 bytes', { ...gif, bytes: 15_000_000 }, undefined, null],
    ['a GIF of a byte more', { ...gif, bytes: 15_000_001 }, undefined, 'media_too_large'],
    ['a video of 512,000,000 bytes', { ...video, bytes: 512_000_000 }, undefined, null],
    ['a video of a byte more', { ...video, bytes: 512_000_001 }, undefined, 'media_too_large'],
    ['a GIF of 1280x1080', { ...gif, width: 1280, height: 1080 }, undefined, null],
    ['a GIF a column wider', { ...gif, width: 1281, height: 1080 }, undefined, 'media_rule'],
    ['a GIF a row higher', { ...gif, width: 1280, height: 1081 }, undefined, 'media_rule'],
    ['a GIF as an image', gif, 'tweet_image', 'media_type_unsupported'],
    ['an image as a video', image, 'tweet_video', 'media_type_unsupported'],
    ['an image as amplify_video', image, 'amplify_video', 'media_type_unsupported'],
    ['a video as an image', video, 'tweet_image', 'media_type_unsupported'],
    ['a video as amplify_video', video, 'amplify_video', null],
    ['a video of 0.5 s', { ...video, durationMs: 500 }, undefined, null],
    ['a video a millisecond shorter', { ...video, durationMs: 499 }, undefined, 'media_rule'],
    ['a video of 140 s', { ...video, durationMs: 140_000 }, undefined, null],
    ['a video a millisecond longer', { ...video, durationMs: 140_001 }, undefined, 'media_rule'],
    ['a long video as amplify_video', { ...video, durationMs: 600_000 }, 'amplify_video', null],
    ['a video in HEVC', { ...video, codec: 'hevc' }, undefined, null],
    ['a video in VP9', { ...video, codec: 'vp9' }, undefined, 'media_rule'],
    ['a video of 32x32', { ...video, width: 32, height: 32 }, undefined, null],
    ['a video a column narrower', { ...video, width: 31, height: 32 }, undefined, 'media_rule'],
    ['a video of 3:1', { ...video, width: 960, height: 320 }, undefined, null],
    ['a video of 1:3', { ...video, width: 320, height: 960 }, undefined, null],
    ['a video wider than 3:1', { ...video, width: 961, height: 320 }, undefined, 'media_rule'],
    [
      'a video of which nothing is known',
      { ...video, width: null, height: null, durationMs: null, codec: null },
      undefined,
      null,
    ],
  ];
  test.for(rows)('%s', ([, source, category, code], { expect }) => {
    expect(codeOf(source, category)).toBe(code);
  });

  test('a category follows from the type, unless one was asked for', ({ expect }) => {
    expect(categoryFor('image/gif', null)).toBe('tweet_gif');
    expect(categoryFor('image/webp', null)).toBe('tweet_image');
    expect(categoryFor('video/quicktime', null)).toBe('tweet_video');
    expect(categoryFor('video/mp4', 'amplify_video')).toBe('amplify_video');
  });
});

describe('a post takes', () => {
  const mixes: [MediaCategory[], string | null][] = [
    [[], null],
    [['tweet_image', 'tweet_image', 'tweet_image', 'tweet_image'], null],
    [['tweet_gif'], null],
    [['amplify_video'], null],
    [['tweet_gif', 'tweet_image'], '1 GIF and 1 image'],
    [['tweet_image', 'tweet_video', 'tweet_image'], '2 images and 1 video'],
    [['tweet_video', 'amplify_video'], '2 videos'],
  ];
  test.for(mixes)('%j', ([categories, words], { expect }) => {
    const problem = checkMix(categories);
    if (words === null) expect(problem).toBeNull();
    else
      expect(problem).toMatchObject({ code: 'media_mix', message: expect.stringContaining(`has ${words}.`) });
  });
});
