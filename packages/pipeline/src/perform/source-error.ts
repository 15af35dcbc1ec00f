import type { SourceProblemCode } from '../core/index.ts';

/** Names an object, as its caller named it. */
export interface ObjectName {
  bucket: string;
  key: string;
  versionId: string | null;
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

/** What a body that broke off says: the abort's own reason where it was cut off by us. */
export function broken(name: ObjectName, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof SourceError) return error;
  return new SourceError('unavailable', `Reading ${nameOf(name)} broke off: ${messageOf(error)}`, {
    cause: error,
  });
}

/** By status first: stores disagree about names. */
export function sourceErrorOf(name: ObjectName, error: unknown): SourceError {
  const status = statusOf(error);
  const code = error instanceof Error ? error.name : '';
  const message = messageOf(error);
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

export function changed(name: ObjectName): SourceError {
  return new SourceError('changed', `${nameOf(name)} was changed while it was being uploaded.`);
}

export function nameOf({ bucket, key, versionId }: ObjectName): string {
  return `s3://${bucket}/${key}${versionId === null ? '' : ` (version ${versionId})`}`;
}

/** A body that is not the SDK's XML fails in its parser; the status is at hand all the same. */
export function statusOf(error: unknown): number | undefined {
  const from: { name?: string; $metadata?: { httpStatusCode?: number } } =
    error instanceof Error ? error : {};
  return from.$metadata?.httpStatusCode;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return error.message || code;
}
