import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from './problems.ts';

/** Takes JSON bodies up to a limit, and nothing else. Their bytes must be UTF-8; `JSON.parse` alone would not notice. */
export function takeJsonBodies(app: FastifyInstance, { bodyLimitBytes }: { bodyLimitBytes: number }): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    const bytes = await readWithin(payload, bodyLimitBytes);
    // What takes no body gets by with the content type alone.
    if (bytes.length === 0) return undefined;
    const text = decode(bytes);
    return new Promise((resolve, reject) => {
      void parse(request, text, (error, body) => (error ? reject(error) : resolve(body)));
    });
  });
}

/** A body over the limit is read to its end and thrown away: a sender that is cut off would not get to read the answer. */
async function readWithin(payload: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let totalBytes = 0;
  for await (const chunk of payload as AsyncIterable<Buffer>) {
    totalBytes += chunk.length;
    if (totalBytes <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (totalBytes > limitBytes) {
    throw new Problem('body_too_large', {
      detail: `The body is larger than ${limitBytes} bytes.`,
      hint: `Send at most ${limitBytes} bytes. Media do not go into the body: put them into S3 and name them by bucket and key.`,
    });
  }
  return Buffer.concat(chunks, totalBytes);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Problem('invalid_utf8', {
      detail: 'The body has bytes that are not UTF-8.',
      hint: 'Encode the JSON as UTF-8.',
      cause,
    });
  }
}
