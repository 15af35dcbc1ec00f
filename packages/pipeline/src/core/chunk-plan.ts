/** X numbers segments 0..999. Source: X's OpenAPI document, MediaSegments. */
export const MAX_SEGMENTS = 1000;
/** The largest chunk that X is known to take; 5 MiB was answered 413. */
export const MAX_CHUNK_BYTES = 4 * 1024 * 1024;

export interface Segment {
  index: number;
  offset: number;
  bytes: number;
}

/** The chunk size for an upload: the wanted one, or larger where 1000 segments would not hold the file. */
export function chooseChunkBytes(totalBytes: number, wantedBytes: number): number {
  return Math.max(wantedBytes, Math.ceil(totalBytes / MAX_SEGMENTS));
}

export function countSegments(totalBytes: number, chunkBytes: number): number {
  return Math.ceil(totalBytes / chunkBytes);
}

/** Boundaries follow from the sizes alone, so that another worker cuts the file at the same places. */
export function segmentAt(index: number, totalBytes: number, chunkBytes: number): Segment {
  const offset = index * chunkBytes;
  return { index, offset, bytes: Math.min(chunkBytes, totalBytes - offset) };
}
