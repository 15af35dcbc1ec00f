import { z } from 'zod';
import { jsonBody } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { parseBody, refuseBlank } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { findUpload } from './find-upload.ts';
import { kindOf } from './categories.ts';

const mediaId = z.string().regex(/^[0-9]{1,19}$/);
const languageCode = z.string().regex(/^[A-Z]{2}$/);
const mediaCategory = z.enum(['AmplifyVideo', 'TweetVideo']);

const createSchema = z.strictObject({
  id: mediaId,
  media_category: mediaCategory,
  subtitles: z.strictObject({
    id: mediaId,
    language_code: languageCode,
    display_name: z.string().optional(),
  }),
});

const deleteSchema = z.strictObject({
  id: mediaId,
  language_code: languageCode,
  media_category: mediaCategory,
});

/** Ties an uploaded subtitle file to a video. A broken file is taken here and fails the post later, as on X. */
export function createSubtitles(world: World, call: Call): Reply {
  const request = parseBody(world.config.vocabulary, createSchema, jsonBody(world, call));
  const video = findUpload(world, call, request.id);
  const file = findUpload(world, call, request.subtitles.id);
  if (kindOf(video.category) !== 'video' || file.category !== 'subtitles' || file.phase !== 'finalized')
    refuseBlank(404);
  video.subtitles = [
    ...video.subtitles.filter((entry) => entry.languageCode !== request.subtitles.language_code),
    {
      mediaId: file.id,
      languageCode: request.subtitles.language_code,
      displayName: request.subtitles.display_name,
      isValid: isSubtitleText(file.segments.text()),
    },
  ];
  world.changed();
  const { id, media_category, subtitles } = request;
  return answer({
    data: {
      id,
      media_category,
      associated_subtitles: world.config.vocabulary === 'old' ? [subtitles] : subtitles,
    },
  });
}

export function deleteSubtitles(world: World, call: Call): Reply {
  const request = parseBody(world.config.vocabulary, deleteSchema, jsonBody(world, call));
  const video = findUpload(world, call, request.id);
  const kept = video.subtitles.filter((entry) => entry.languageCode !== request.language_code);
  const deleted = kept.length < video.subtitles.length;
  video.subtitles = kept;
  world.changed();
  return answer({ data: { deleted } });
}

/** At least one cue with a time range. */
function isSubtitleText(text: string): boolean {
  return /^(?:\d+:)?\d\d:\d\d[,.]\d{3} --> (?:\d+:)?\d\d:\d\d[,.]\d{3}/m.test(text);
}
