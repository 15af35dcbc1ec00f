import type { Checksum, MediaState } from './vocabulary.ts';

/** What is wrong with a complete upload, or null: that its bytes are the object's, or that the store keeps no checksum. */
export function findWrongBytes({ source, upload }: MediaState): string | null {
  const sent = upload?.acknowledged[0]?.[2];
  if (!source?.checksum || sent === undefined || sent === source.checksum.value) return null;
  return tellWrongBytes(source.checksum, sent);
}

export function tellWrongBytes(object: Checksum, sent: string): string {
  return `The bytes that the store sent have the ${object.algorithm} ${sent}, the object has ${object.value}.`;
}
