import { randomBytes } from 'node:crypto';
import type { MediaSource } from './media-source.ts';
import type { BodyEncoding } from './media-types.ts';
import { percentEncode } from './oauth1.ts';

export interface RequestBody {
  contentType: string;
  byteLength: number;
  content: Uint8Array | AsyncIterable<Uint8Array>;
  /** Media that is being streamed. */
  source?: MediaSource;
  /** Fields of a form body, which OAuth 1.0a signs. */
  form?: Record<string, string>;
}

export function jsonBody(value: object): RequestBody {
  const content = Buffer.from(JSON.stringify(value));
  return { contentType: 'application/json', byteLength: content.byteLength, content };
}

export function formBody(form: Record<string, string>): RequestBody {
  const pairs = Object.entries(form).map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`);
  const content = Buffer.from(pairs.join('&'));
  return {
    contentType: 'application/x-www-form-urlencoded',
    byteLength: content.byteLength,
    content,
    form,
  };
}

/** A body whose field `media` is streamed, of a length known beforehand; nothing is held but the piece in flight. */
export function mediaBody(
  encoding: BodyEncoding,
  fields: Record<string, string | number>,
  source: MediaSource,
): RequestBody {
  return encoding === 'multipart' ? multipartBody(fields, source) : base64Body(fields, source);
}

function multipartBody(fields: Record<string, string | number>, source: MediaSource): RequestBody {
  const boundary = `slipway-${randomBytes(18).toString('hex')}`;
  const texts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  // X's own command line tool sends a filename, other clients none; X takes both.
  const media =
    `--${boundary}\r\nContent-Disposition: form-data; name="media"; filename="media"\r\n` +
    'Content-Type: application/octet-stream\r\n\r\n';
  return frame(`multipart/form-data; boundary=${boundary}`, source, {
    before: texts.join('') + media,
    byteLength: source.byteLength,
    pieces: () => source.pieces(),
    after: `\r\n--${boundary}--\r\n`,
  });
}

function base64Body(fields: Record<string, string | number>, source: MediaSource): RequestBody {
  const json = JSON.stringify(fields).slice(0, -1);
  return frame('application/json', source, {
    before: `${json}${json === '{' ? '' : ','}"media":"`,
    byteLength: Math.ceil(source.byteLength / 3) * 4,
    pieces: () => encodeBase64(source.pieces()),
    after: '"}',
  });
}

interface Framing {
  before: string;
  byteLength: number;
  pieces: () => AsyncIterable<Uint8Array>;
  after: string;
}

function frame(contentType: string, source: MediaSource, framing: Framing): RequestBody {
  const before = Buffer.from(framing.before);
  const after = Buffer.from(framing.after);
  async function* write(): AsyncGenerator<Uint8Array> {
    yield before;
    yield* framing.pieces();
    yield after;
  }
  return {
    contentType,
    byteLength: before.byteLength + framing.byteLength + after.byteLength,
    content: write(),
    source,
  };
}

/** Base64 works on groups of three bytes; up to two wait for the next piece. */
async function* encodeBase64(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    const bytes = rest.byteLength === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = bytes.byteLength - (bytes.byteLength % 3);
    rest = Uint8Array.from(bytes.subarray(whole));
    if (whole > 0) yield toBase64(bytes.subarray(0, whole));
  }
  if (rest.byteLength > 0) yield toBase64(rest);
}

function toBase64(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return Buffer.from(text, 'latin1');
}
