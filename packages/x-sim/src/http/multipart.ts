/** One part of a multipart body; `data` is a view into the body, not a copy. */
export interface Part {
  name: string;
  filename?: string;
  contentType?: string;
  data: Buffer;
}

const HEADERS_END = Buffer.from('\r\n\r\n');

/** The boundary of a multipart content type, quoted or not. */
export function boundaryOf(contentType: string): string | undefined {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return match?.[1] ?? match?.[2];
}

/**
 * Splits a whole multipart body (RFC 7578; a chunk of an upload, so a few megabytes at most) by searching for its
 * boundary. Returns undefined when it does not end with the closing boundary or a part is malformed.
 */
export function parseMultipart(body: Buffer, boundary: string): Part[] | undefined {
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const parts: Part[] = [];
  // The first boundary may stand at the very start of the body, without the line break before it.
  let at = startsWith(body, delimiter.subarray(2)) ? delimiter.length - 2 : endOf(body, delimiter, 0);
  for (;;) {
    if (at < 0) return undefined;
    if (body[at] === 0x2d && body[at + 1] === 0x2d) return parts;
    const headersStart = body.indexOf('\r\n', at);
    const headersEnd = headersStart < 0 ? -1 : body.indexOf(HEADERS_END, headersStart);
    if (headersEnd < 0) return undefined;
    const dataStart = headersEnd + HEADERS_END.length;
    const dataEnd = body.indexOf(delimiter, dataStart);
    if (dataEnd < 0) return undefined;
    const part = describePart(
      body.toString('utf8', headersStart + 2, headersEnd),
      body.subarray(dataStart, dataEnd),
    );
    if (part === undefined) return undefined;
    parts.push(part);
    at = dataEnd + delimiter.length;
  }
}

function describePart(headers: string, data: Buffer): Part | undefined {
  const disposition = /^content-disposition:\s*form-data(.*)$/im.exec(headers)?.[1];
  const name = disposition === undefined ? undefined : parameter(disposition, 'name');
  if (disposition === undefined || name === undefined) return undefined;
  const filename = parameter(disposition, 'filename');
  const contentType = /^content-type:\s*(.*?)\s*$/im.exec(headers)?.[1];
  return {
    name,
    data,
    ...(filename === undefined ? {} : { filename }),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(disposition);
  return match?.[1] ?? match?.[2];
}

function startsWith(body: Buffer, prefix: Buffer): boolean {
  return body.length >= prefix.length && body.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;
}

function endOf(body: Buffer, delimiter: Buffer, from: number): number {
  const found = body.indexOf(delimiter, from);
  return found < 0 ? -1 : found + delimiter.length;
}
