import { fileTypeFromBuffer } from 'file-type';
import { imageSize } from 'image-size';
import { CustomSource, Input, Mp4InputFormat, QuickTimeInputFormat } from 'mediabunny';
import { MEDIA_TYPES, type MediaType, type Source } from '../core/index.ts';
import type { ObjectHead, Objects } from './objects.ts';
import { type ObjectName, SourceError } from './source-error.ts';

/** A video's headers are read through a small window; the media themselves are never fetched for this. */
const PROBE_CACHE_BYTES = 1024 * 1024;

/** What the bytes of an object tell; its checksum is the store's to tell. */
export type Facts = Omit<Source, 'checksum'>;

/** What an object is, from its bytes alone: names and declared types are not believed. */
export async function readFacts(
  objects: Objects,
  name: ObjectName,
  object: ObjectHead,
  signal: AbortSignal,
): Promise<Facts> {
  const mediaType = await sniff(object.head);
  const shape = mediaType.startsWith('video/')
    ? await probeVideo(objects, name, object, signal)
    : { ...probeImage(object.head), durationMs: null, codec: null };
  return { etag: object.etag, versionId: object.versionId, bytes: object.bytes, mediaType, ...shape };
}

async function sniff(head: Uint8Array): Promise<MediaType> {
  const found = (await fileTypeFromBuffer(head))?.mime;
  const mediaType =
    MEDIA_TYPES.find((type) => type === found) ?? (found === 'video/x-m4v' ? 'video/mp4' : undefined);
  if (mediaType) return mediaType;
  const what = found ? `is ${found}` : 'is of no known media type';
  throw new SourceError(
    'type_unsupported',
    `The object ${what}, by its content; X takes ${MEDIA_TYPES.join(', ')}.`,
  );
}

function probeImage(head: Uint8Array): { width: number | null; height: number | null } {
  try {
    const { width, height } = imageSize(head);
    return { width, height };
  } catch {
    // Headers larger than what was read: X will look for itself.
    return { width: null, height: null };
  }
}

async function probeVideo(
  objects: Objects,
  name: ObjectName,
  object: ObjectHead,
  signal: AbortSignal,
): Promise<Pick<Facts, 'width' | 'height' | 'durationMs' | 'codec'>> {
  // mediabunny wraps what its source throws; the store's own error is kept here to be told apart from a strange file.
  let sourceError: unknown;
  const read = async (start: number, end: number): Promise<Uint8Array> => {
    if (end <= object.head.length) return object.head.subarray(start, end);
    try {
      const chunks: Uint8Array[] = [];
      const stream = await objects.read(name, object, { offset: start, bytes: end - start }, signal);
      for await (const chunk of stream) chunks.push(chunk);
      return Buffer.concat(chunks);
    } catch (error) {
      sourceError = error;
      throw error;
    }
  };
  const source = new CustomSource({ getSize: () => object.bytes, read, maxCacheSize: PROBE_CACHE_BYTES });
  const input = new Input({ formats: [new Mp4InputFormat(), new QuickTimeInputFormat()], source });
  try {
    const track = await input.getPrimaryVideoTrack();
    const seconds = await input.getDurationFromMetadata();
    return {
      width: track ? await track.getDisplayWidth() : null,
      height: track ? await track.getDisplayHeight() : null,
      durationMs: seconds === null ? null : Math.round(seconds * 1000),
      codec: track ? await track.getCodec() : null,
    };
  } catch {
    if (sourceError) throw sourceError;
    // A container that this library cannot follow: X will look for itself.
    return { width: null, height: null, durationMs: null, codec: null };
  } finally {
    input.dispose();
  }
}
