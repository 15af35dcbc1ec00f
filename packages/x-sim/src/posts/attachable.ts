import type { User } from '../accounts.ts';
import { X_TEXTS } from '../faults/answers.ts';
import { refuseBlank, refuseInvalid } from '../http/problems.ts';
import { kindOf } from '../media/categories.ts';
import { isOwner, uploadState } from '../media/upload.ts';
import type { Upload } from '../media/upload.ts';
import type { World } from '../world.ts';

/** The uploads behind `mediaIds`, or a refusal: they must be ready, the user's own, unexpired and of one kind. */
export function attachableMedia(
  world: World,
  user: User,
  mediaIds: readonly string[],
  now: number,
): Upload[] {
  const uploads = mediaIds.flatMap((id) => {
    const upload = world.uploads.get(id);
    return upload !== undefined && isAttachable(world, user, upload, now) ? [upload] : [];
  });
  if (uploads.length < mediaIds.length || new Set(mediaIds).size < mediaIds.length)
    refuseInvalid(world.config.vocabulary, X_TEXTS.mediaIdsInvalid, {
      'media.media_ids': [JSON.stringify(mediaIds)],
    });
  // Up to four photos, or one GIF, or one video.
  const hasMoving = uploads.some((upload) => kindOf(upload.category) !== 'image');
  if (hasMoving && uploads.length > 1) refuseBlank(403, X_TEXTS.notPermitted);
  // Seen on X: a video with a broken subtitle file fails every create with 503.
  if (uploads.some((upload) => upload.subtitles.some((subtitles) => !subtitles.isValid))) refuseBlank(503);
  return uploads;
}

function isAttachable(world: World, user: User, upload: Upload, now: number): boolean {
  return (
    isOwner(upload, user) &&
    upload.category !== 'subtitles' &&
    uploadState(upload, now) === 'succeeded' &&
    (world.config.mediaReuse === 'allow' || upload.postIds.length === 0)
  );
}
