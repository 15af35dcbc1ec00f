import { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { Checksum } from '../core/index.ts';
import { askChecksum } from './object-checksum.ts';
import { type ObjectStream, type Pin, checked, chunksOf } from './object-stream.ts';
import type { ObjectSettings } from './object-settings.ts';
import { type ObjectName, SourceError, broken, changed, nameOf, sourceErrorOf } from './source-error.ts';

/** The first bytes of an object, with what pins it. */
export interface ObjectHead extends Pin {
  versionId: string | null;
  /** Up to `HEAD_BYTES` of its beginning. */
  head: Uint8Array;
}

/** The store that media come from. Methods reject with `SourceError` and nothing else, aborts aside. */
export interface Objects {
  /** Looks at an object: one request gives its pin and the bytes that tell what it is. */
  open(name: ObjectName, signal: AbortSignal): Promise<ObjectHead>;
  /** The checksum that the store keeps of a whole object that was opened; null where it keeps none that serves. */
  checksumOf(name: ObjectName, pin: Pin, signal: AbortSignal): Promise<Checksum | null>;
  /**
   * A range of a pinned object as a stream. Resolves once the store has answered and the answer is that range of that object;
   * the stream fails if it gives another number of bytes, and at the end of a whole object that has another checksum. The
   * reader must drain or return it.
   */
  read(
    name: ObjectName,
    pin: Pin,
    range: { offset: number; bytes: number },
    signal: AbortSignal,
  ): Promise<ObjectStream>;
  close(): void;
}

/** Enough to sniff a type and to find the size of nearly every image. */
const HEAD_BYTES = 64 * 1024;

/** How long a store may keep us waiting: for a connection, for the head of an answer, and between two pieces of its body. */
const PATIENCE = { connectMs: 5_000, answerMs: 30_000, silenceMs: 60_000 };

export function createObjects(settings: ObjectSettings, patience: Partial<typeof PATIENCE> = {}): Objects {
  const { connectMs, answerMs, silenceMs } = { ...PATIENCE, ...patience };
  const client = new S3Client({
    ...(settings.s3Endpoint ? { endpoint: settings.s3Endpoint } : {}),
    region: settings.s3Region,
    forcePathStyle: settings.s3ForcePathStyle,
    // The pipeline retries; a second layer would multiply its attempts.
    maxAttempts: 1,
    // Not every store knows the checksums that newer SDKs send by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: answerMs,
      // Without it the SDK only logs that the time has passed.
      throwOnRequestTimeout: true,
      socketTimeout: silenceMs,
      httpAgent: { maxSockets: 128 },
      httpsAgent: { maxSockets: 128 },
    },
  });
  return {
    open: (name, signal) => openObject(client, name, signal),
    checksumOf: (name, { etag }, signal) => askChecksum(client, inputOf(name), { name, etag }, signal),
    read: (name, pin, range, signal) => readRange(client, name, pin, range, signal),
    close: () => client.destroy(),
  };
}

function inputOf({ bucket, key, versionId }: ObjectName) {
  return { Bucket: bucket, Key: key, ...(versionId === null ? {} : { VersionId: versionId }) };
}

async function openObject(client: S3Client, name: ObjectName, signal: AbortSignal): Promise<ObjectHead> {
  const range = `bytes=0-${HEAD_BYTES - 1}`;
  const answer = await get(client, name, { ...inputOf(name), Range: range }, signal);
  const head: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of chunksOf(bodyOf(answer))) {
      head.push(chunk);
      length += chunk.length;
      // A store that ignores ranges sends everything: the rest is left unread.
      if (length >= HEAD_BYTES) break;
    }
  } catch (error) {
    throw broken(name, error, signal);
  }
  const bytes = sizeOf(answer, length);
  if (bytes === 0) throw new SourceError('empty', `${nameOf(name)} is empty.`);
  if (bytes === null || !(answer.ContentRange ?? 'bytes 0-').startsWith('bytes 0-')) {
    const got = answer.ContentRange ?? 'no Content-Range';
    throw new SourceError(
      'wrong_range',
      `${nameOf(name)}: asked for its first bytes, the store sent ${got}, which does not tell its size.`,
    );
  }
  if (!answer.ETag) throw new SourceError('unavailable', `The store gave no ETag for ${nameOf(name)}.`);
  const bytesOfHead = Buffer.concat(head).subarray(0, HEAD_BYTES);
  return { etag: answer.ETag, versionId: answer.VersionId ?? name.versionId, bytes, head: bytesOfHead };
}

async function readRange(
  client: S3Client,
  name: ObjectName,
  pin: Pin,
  { offset, bytes }: { offset: number; bytes: number },
  signal: AbortSignal,
): Promise<ObjectStream> {
  const last = offset + bytes - 1;
  const input = { ...inputOf(name), Range: `bytes=${offset}-${last}`, IfMatch: pin.etag };
  const answer = await get(client, name, input, signal).catch((error: unknown) => {
    // A range that is not there any more: the object has become shorter, and the store does not heed If-Match.
    throw error instanceof SourceError && error.code === 'empty' ? changed(name) : error;
  });
  const problem = mismatch(answer, name, pin, offset, bytes);
  if (problem) {
    bodyOf(answer).destroy();
    throw problem;
  }
  return checked(bodyOf(answer), { name, pin, bytes }, signal);
}

/** Some stores ignore If-Match, some serve another range than was asked for: believe neither. */
function mismatch(
  answer: GetObjectCommandOutput,
  name: ObjectName,
  pin: Pin,
  offset: number,
  bytes: number,
): SourceError | null {
  if (answer.ETag !== undefined && answer.ETag !== pin.etag) return changed(name);
  const total = totalOf(answer);
  if (total !== null && total !== pin.bytes) return changed(name);
  const whole = offset === 0 && bytes === pin.bytes;
  const right =
    answer.ContentRange === undefined
      ? whole
      : answer.ContentRange.startsWith(`bytes ${offset}-${offset + bytes - 1}/`);
  if (right && (answer.ContentLength === undefined || answer.ContentLength === bytes)) return null;
  const got = answer.ContentRange ?? `${answer.ContentLength} bytes without a range`;
  return new SourceError(
    'wrong_range',
    `${nameOf(name)}: asked for bytes ${offset}+${bytes}, the store sent ${got}.`,
  );
}

/** The size of the whole object, from an answer to a request for its first bytes; null when the answer does not tell. */
function sizeOf(answer: GetObjectCommandOutput, seen: number): number | null {
  const total = totalOf(answer);
  if (total !== null) return total;
  // Less than was asked for is all there is.
  if (seen < HEAD_BYTES) return seen;
  const ranged = answer.ContentRange !== undefined || answer.$metadata.httpStatusCode === 206;
  return ranged ? null : (answer.ContentLength ?? null);
}

/** `bytes 0-99/1234` tells the size of the whole object. */
function totalOf({ ContentRange }: GetObjectCommandOutput): number | null {
  const total = Number(ContentRange?.split('/')[1]);
  return Number.isSafeInteger(total) ? total : null;
}

function bodyOf({ Body }: GetObjectCommandOutput): Readable {
  if (Body instanceof Readable) return Body;
  throw new SourceError('unavailable', 'The store answered without a body.');
}

async function get(
  client: S3Client,
  name: ObjectName,
  input: ConstructorParameters<typeof GetObjectCommand>[0],
  signal: AbortSignal,
): Promise<GetObjectCommandOutput> {
  try {
    return await client.send(new GetObjectCommand(input), { abortSignal: signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw sourceErrorOf(name, error);
  }
}
