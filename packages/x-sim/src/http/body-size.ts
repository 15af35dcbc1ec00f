import type { World } from '../world.ts';
import type { Body } from './body.ts';

/** Room for part headers and base64 on top of the media itself. */
const BODY_OVERHEAD_BYTES = 64 * 1024;
const MAX_SMALL_BODY_BYTES = 1024 * 1024;

/** Largest body of an operation: media by the chunk limit and its encoding, everything else one megabyte. */
export function maxBodyBytes(world: World, operation: string, contentType: string | undefined): number {
  if (operation !== 'media.append' && operation !== 'media.upload') return MAX_SMALL_BODY_BYTES;
  const isJson = contentType?.startsWith('application/json') ?? false;
  const mediaBytes = world.config.maxChunkBytes * (isJson ? 4 / 3 : 1);
  return Math.ceil(mediaBytes) + BODY_OVERHEAD_BYTES;
}

/** Bytes of the media in a body of either encoding; undefined: there are none. */
export function mediaBytesOf(body: Body): number | undefined {
  if (body.kind === 'multipart') return body.parts.find((part) => part.name === 'media')?.data.length;
  if (body.kind !== 'json') return undefined;
  const { value } = body;
  const media: unknown =
    typeof value === 'object' && value !== null && 'media' in value ? value.media : undefined;
  return typeof media === 'string' ? Buffer.byteLength(media, 'base64') : undefined;
}
