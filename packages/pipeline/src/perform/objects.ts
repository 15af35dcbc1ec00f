import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { SourceProblemCode } from '../core/index.ts';
import type { ObjectSettings } from '../settings.ts';

/** Names an object; the pin is what was found when it was first looked at. */
export interface ObjectName {
  bucket: string;
  key: string;
  versionId: string | null;
}

export interface Pin {
  etag: string;
  bytes: number;
}

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
  /**
   * A range of a pinned object as a stream. Resolves once the store has answered and the answer is that range of that object;
   * the stream fails if it gives another number of bytes. The reader must drain or return it.
   */
  read(
    name: ObjectName,
    pin: Pin,
    range: { offset: number; bytes: number },
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}

/** What went wrong at the store, in its own words. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code: SourceProblemCode;

  constructor(code: SourceProblemCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Enough to sniff a type and to find the size of nearly every image. */
const HEAD_BYTES = 64 * 1024;

export function createObjects(settings: ObjectSettings): Objects {
  const client = new S3Client({
    ...(settings.s3Endpoint ? { endpoint: settings.s3Endpoint } : {}),
    region: settings.s3Region,
    forcePathStyle: settings.s3ForcePathStyle,
    // The pipeline retries; a second layer would multiply its attempts.
    maxAttempts: 1,
    // Not every store knows the checksums that newer SDKs send by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, httpsAgent: { maxSockets: 128 } },
  });
  return {
    open: (name, signal) => openObject(client, name, signal),
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
  const bytes = totalOf(answer) ?? answer.ContentLength ?? length;
  if (bytes === 0) throw new SourceError('empty', `${nameOf(name)} is empty.`);
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
): Promise<AsyncIterable<Uint8Array>> {
  const last = offset + bytes - 1;
  const input = { ...inputOf(name), Range: `bytes=${offset}-${last}`, IfMatch: pin.etag };
  const answer = await get(client, name, input, signal);
  const problem = mismatch(answer, name, pin, offset, bytes);
  if (problem) {
    bodyOf(answer).destroy();
    throw problem;
  }
  return counted(bodyOf(answer), name, bytes, signal);
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

async function* counted(
  body: Readable,
  name: ObjectName,
  bytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, undefined> {
  let seen = 0;
  try {
    for await (const chunk of chunksOf(body)) {
      seen += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw broken(name, error, signal);
  } finally {
    body.destroy();
  }
  if (seen !== bytes) {
    throw new SourceError(
      'wrong_range',
      `${nameOf(name)}: the store promised ${bytes} bytes and sent ${seen}.`,
    );
  }
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

/** A body without an encoding gives buffers, which its type does not say. */
function chunksOf(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return body;
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

function broken(name: ObjectName, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof SourceError) return error;
  return new SourceError('unavailable', `Reading ${nameOf(name)} broke off: ${messageOf(error)}`, {
    cause: error,
  });
}

/** By status first: stores disagree about names. */
function sourceErrorOf(name: ObjectName, error: unknown): SourceError {
  const { status, code, message } = describeSdkError(error);
  const make = (problem: SourceProblemCode, text: string): SourceError =>
    new SourceError(problem, text, { cause: error });
  if (code === 'NoSuchBucket') return make('no_bucket', `There is no bucket ${name.bucket}.`);
  // A delete marker answers 405, a malformed version id 400.
  if (
    status === 404 ||
    status === 405 ||
    code === 'NoSuchVersion' ||
    (status === 400 && name.versionId !== null)
  ) {
    return make('not_found', `There is no object ${nameOf(name)}.`);
  }
  if (status === 401 || status === 403)
    return make('denied', `The store refuses ${nameOf(name)}: ${message}`);
  if (status === 412) return changed(name);
  if (status === 416) return make('empty', `${nameOf(name)} is empty.`);
  return make('unavailable', `The store failed for ${nameOf(name)}: ${message}`);
}

function changed(name: ObjectName): SourceError {
  return new SourceError('changed', `${nameOf(name)} was changed while it was being uploaded.`);
}

function nameOf({ bucket, key, versionId }: ObjectName): string {
  return `s3://${bucket}/${key}${versionId === null ? '' : ` (version ${versionId})`}`;
}

function describeSdkError(error: unknown): { status: number | undefined; code: string; message: string } {
  if (!(error instanceof Error)) return { status: undefined, code: '', message: String(error) };
  const status = error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
  return { status, code: error.name, message: messageOf(error) };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return error.message || code;
}
