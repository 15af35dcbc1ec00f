import { HeadObjectCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { CHECKSUM_ALGORITHMS, type Checksum, isChecksum } from '../core/index.ts';
import { type ObjectName, sourceErrorOf, statusOf } from './source-error.ts';

/** A store that answers so is away or busy; with any other failure it says that it keeps no checksums. */
const PASSING = new Set([undefined, 408, 429, 502, 503, 504]);

/**
 * The checksum that the store keeps of a whole object, or null. By HEAD: to a GET of a range, S3 gives no checksum, or that
 * of the part which the range happens to cover. Source: S3 user guide, checking object integrity.
 */
export async function askChecksum(
  client: S3Client,
  input: { Bucket: string; Key: string; VersionId?: string },
  { name, etag }: { name: ObjectName; etag: string },
  signal: AbortSignal,
): Promise<Checksum | null> {
  try {
    const command = new HeadObjectCommand({ ...input, ChecksumMode: 'ENABLED' });
    const answer = await client.send(command, { abortSignal: signal });
    // The checksum of another object; the first read will say that it was changed.
    return answer.ETag === etag ? checksumIn(answer) : null;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (PASSING.has(statusOf(error))) throw sourceErrorOf(name, error);
    return null;
  }
}

/** A checksum of checksums (COMPOSITE) says nothing of the whole, and a store that does not say which it gives is not believed. */
function checksumIn(answer: HeadObjectCommandOutput): Checksum | null {
  if (answer.ChecksumType !== 'FULL_OBJECT') return null;
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = answer[`Checksum${algorithm}`];
    if (value !== undefined && isChecksum(algorithm, value)) return { algorithm, value };
  }
  return null;
}
