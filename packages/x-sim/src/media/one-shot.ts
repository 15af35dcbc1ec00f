import { userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { refuseInvalid } from '../http/problems.ts';
import { answer, Refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { ONE_SHOT_CATEGORIES } from './categories.ts';
import type { MediaCategory } from './categories.ts';
import { completeUpload, describeMedia } from './finalize.ts';
import { openUpload, refuseTooLarge } from './initialize.ts';
import { readMediaBody, refuseOtherFields } from './media-body.ts';

/** POST /2/media/upload: the whole media in one request. Spec 2.167 has no `media_type` here. */
export function uploadInOneShot(world: World, call: Call): Reply {
  const { vocabulary, maxChunkBytes } = world.config;
  const user = userOf(call);
  const body = readMediaBody(world, call);
  refuseOtherFields(world, body, ['media_category', 'additional_owners']);
  const category = readCategory(body.fields.get('media_category'));
  if (category === undefined)
    return refuseInvalid(
      vocabulary,
      `$.media_category: does not have a value in the enumeration [${ONE_SHOT_CATEGORIES.join(', ')}]`,
    );
  const { media } = body;
  if (media === undefined) return refuseInvalid(vocabulary, '$.media: is missing but it is required');
  refuseTooLarge(world, category, media.length);
  if (media.length > maxChunkBytes) throw new Refusal({ status: 413 });
  const owners = body.fields.get('additional_owners');
  const upload = openUpload(world, call, {
    userId: user.id,
    owners: typeof owners === 'string' && owners !== '' ? owners.split(',') : [],
    category,
    mediaType: null,
    totalBytes: media.length,
    oneShot: true,
  });
  upload.bytesReceived = media.length;
  upload.segments.add(0, media);
  completeUpload(world, call, upload);
  return answer({ data: describeMedia(upload, call.now) });
}

function readCategory(value: unknown): MediaCategory | undefined {
  return ONE_SHOT_CATEGORIES.find((category) => category === value);
}
