import type { Call } from '../http/call.ts';
import { notFoundError, refuseInvalid } from '../http/problems.ts';
import { answer } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { readType } from './categories.ts';
import { uploadState } from './upload.ts';
import type { Upload } from './upload.ts';

const MAX_KEYS = 100;
const KEY_PATTERN = /^[0-9]+_[0-9]+$/;

/** GET /2/media: media by their keys; a key that is not known becomes a partial error. */
export function lookUpMedia(world: World, call: Call): Reply {
  const { found, errors } = findMedia(world, call, mediaKeysOf(world, call));
  const fields = mediaFieldsOf(call);
  return answer({
    ...(found.length === 0 ? {} : { data: found.map((upload) => describeReadMedia(upload, fields)) }),
    ...(errors.length === 0 ? {} : { errors }),
  });
}

export function lookUpOneMedia(world: World, call: Call): Reply {
  const { found, errors } = findMedia(world, call, [call.params['media_key'] ?? '']);
  const [upload] = found;
  return answer(upload === undefined ? { errors } : { data: describeReadMedia(upload, mediaFieldsOf(call)) });
}

/** The 1 to 100 media keys of a query. */
export function mediaKeysOf(world: World, call: Call): string[] {
  const keys = (call.query.get('media_keys') ?? '').split(',').filter((key) => key !== '');
  const { vocabulary } = world.config;
  if (keys.length === 0) refuseInvalid(vocabulary, 'The `media_keys` query parameter can not be empty');
  if (keys.length > MAX_KEYS)
    refuseInvalid(
      vocabulary,
      `The number of values in the \`media_keys\` query parameter list [${keys.length}] is not between 1 and ${MAX_KEYS}`,
    );
  for (const key of keys)
    if (!KEY_PATTERN.test(key))
      refuseInvalid(
        vocabulary,
        `The \`media_keys\` query parameter value [${key}] does not match ^([0-9]+)_([0-9]+)$`,
        {
          media_keys: [key],
        },
      );
  return keys;
}

export function findMedia(world: World, call: Call, keys: readonly string[]) {
  const found: Upload[] = [];
  const errors: ReturnType<typeof notFoundError>[] = [];
  for (const key of keys) {
    const upload = world.uploadsByKey.get(key);
    // Posted media outlive their upload ids.
    if (upload !== undefined && (upload.postIds.length > 0 || uploadState(upload, call.now) === 'succeeded'))
      found.push(upload);
    else
      errors.push(
        notFoundError(world.config.vocabulary, { type: 'media', parameter: 'media_keys', value: key }),
      );
  }
  return { found, errors };
}

function mediaFieldsOf(call: Call): Set<string> {
  return new Set((call.query.get('media.fields') ?? '').split(','));
}

/** X's media object with its default fields and those asked for. */
export function describeReadMedia(upload: Upload, fields: ReadonlySet<string>): Record<string, unknown> {
  const type = readType(upload.category);
  const url = `https://pbs.twimg.com/media/${upload.id}`;
  const optional: Record<string, unknown> = {
    alt_text: upload.altText,
    url: type === 'photo' ? `${url}.jpg` : undefined,
    preview_image_url: type === 'photo' ? undefined : `${url}-preview.jpg`,
    width: upload.sniffed?.width,
    height: upload.sniffed?.height,
    public_metrics: type === 'video' ? { view_count: 0 } : undefined,
    variants:
      type === 'video'
        ? [
            {
              bit_rate: 2_176_000,
              content_type: 'video/mp4',
              url: `https://video.twimg.com/${upload.id}.mp4`,
            },
          ]
        : undefined,
  };
  const described: Record<string, unknown> = { media_key: upload.mediaKey, type };
  for (const [field, value] of Object.entries(optional))
    if (fields.has(field) && value !== undefined) described[field] = value;
  return described;
}
