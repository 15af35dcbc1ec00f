import type { IncomingMessage } from 'node:http';
import type { Buffers } from './buffers.ts';
import { boundaryOf, parseMultipart } from './multipart.ts';
import type { Part } from './multipart.ts';

/** A request body as its content type says; `broken` is one that could not be read as what it claims to be. */
export type Body =
  | { kind: 'none' }
  | { kind: 'json'; value: unknown }
  | { kind: 'form'; value: URLSearchParams }
  | { kind: 'multipart'; parts: Part[] }
  | { kind: 'other'; contentType: string }
  | { kind: 'broken'; why: string };

/** The bytes of a body, or how many came before it ended otherwise. */
export type ReadResult =
  | { end: 'whole'; bytes: Buffer; release(): void }
  | { end: 'too_large'; received: number }
  | { end: 'cut'; received: number }
  | { end: 'aborted'; received: number };

/** Bytes above the limit that are still swallowed, so that a client busy sending can read the refusal. */
const DRAIN_BYTES = 64 * 1024 * 1024;

/**
 * Reads a body of at most `maxBytes`. With `cutAtBytes` it stops once that many have come; `aborted` means that the
 * client went away. A whole body lies in a buffer of the pool until `release` is called.
 */
export function readBody(
  req: IncomingMessage,
  limits: { maxBytes: number; cutAtBytes?: number | undefined },
  buffers: Buffers,
): Promise<ReadResult> {
  const declared = Number(req.headers['content-length'] ?? Number.NaN);
  const fitting = Number.isFinite(declared) && declared <= limits.maxBytes;
  const pooled = fitting ? buffers.take(declared) : undefined;
  const chunks: Buffer[] = [];
  let received = 0;

  return new Promise((resolve) => {
    const release = () => {
      if (pooled !== undefined) buffers.give(pooled);
    };
    const settle = (result: ReadResult) => {
      if (result.end !== 'whole') release();
      req.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      req.on('error', () => undefined);
      resolve(result);
    };
    const tooLarge = () => received > limits.maxBytes || (Number.isFinite(declared) && !fitting);
    const onData = (chunk: Buffer) => {
      if (!tooLarge()) {
        if (pooled !== undefined) chunk.copy(pooled, received);
        else chunks.push(chunk);
      } else {
        chunks.length = 0;
      }
      received += chunk.length;
      if (limits.cutAtBytes !== undefined && received >= limits.cutAtBytes) settle({ end: 'cut', received });
      else if (received > limits.maxBytes + DRAIN_BYTES) settle({ end: 'too_large', received });
    };
    const onEnd = () => {
      if (tooLarge()) settle({ end: 'too_large', received });
      else
        settle({
          end: 'whole',
          bytes: pooled?.subarray(0, received) ?? Buffer.concat(chunks, received),
          release,
        });
    };
    const onClose = () => settle({ end: 'aborted', received });
    if (limits.cutAtBytes === 0) {
      settle({ end: 'cut', received });
      return;
    }
    req.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** Reads the bytes of a body as what its content type claims. */
export function parseContent(contentType: string | undefined, bytes: Buffer): Body {
  if (bytes.length === 0) return { kind: 'none' };
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') {
    try {
      return { kind: 'json', value: JSON.parse(bytes.toString('utf8')) as unknown };
    } catch {
      return { kind: 'broken', why: 'The request body is not valid JSON.' };
    }
  }
  if (type === 'application/x-www-form-urlencoded')
    return { kind: 'form', value: new URLSearchParams(bytes.toString('utf8')) };
  if (type === 'multipart/form-data') {
    const boundary = boundaryOf(contentType ?? '');
    const parts = boundary === undefined ? undefined : parseMultipart(bytes, boundary);
    return parts === undefined
      ? { kind: 'broken', why: 'The multipart body is malformed.' }
      : { kind: 'multipart', parts };
  }
  return { kind: 'other', contentType: type };
}
