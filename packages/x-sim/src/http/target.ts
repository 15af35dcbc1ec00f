import type { IncomingMessage } from 'node:http';
import type { Identity } from '../access/identify.ts';
import type { FaultTarget } from '../faults/script.ts';
import type { Body } from './body.ts';

/** What a fault may look at in a request whose body has been read. */
export function targetOf(input: {
  operation: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  body: Body;
  identity: Identity | undefined;
}): FaultTarget {
  const fields = fieldsOf(input.body);
  const media = fields['media'];
  const attached: unknown =
    typeof media === 'object' && media !== null && 'media_ids' in media ? media.media_ids : [];
  const subtitles = fields['subtitles'];
  const ids: unknown[] = [
    input.params['id'],
    input.query.get('media_id'),
    fields['id'],
    typeof subtitles === 'object' && subtitles !== null && 'id' in subtitles ? subtitles.id : undefined,
    ...(Array.isArray(attached) ? (attached as unknown[]) : []),
  ];
  const segmentIndex = Number(fields['segment_index'] ?? Number.NaN);
  const text = fields['text'];
  return {
    operation: input.operation,
    userId: input.identity?.kind === 'user' ? input.identity.userId : undefined,
    mediaIds: ids.filter((id) => typeof id === 'string'),
    segmentIndex: Number.isNaN(segmentIndex) ? undefined : segmentIndex,
    text: typeof text === 'string' ? text : undefined,
  };
}

/**
 * What can be told from the first piece of a body, which is put back afterwards: clients send `segment_index` and
 * `text` early. For faults that cut a request while it is being sent.
 */
export async function peekTarget(
  req: IncomingMessage,
  arrival: {
    route: { operation: string };
    params: Readonly<Record<string, string>>;
    query: URLSearchParams;
  },
): Promise<FaultTarget> {
  const head = (await firstPiece(req)).toString('latin1');
  const index =
    /name="?segment_index"?[^]*?\r\n\r\n(\d+)\r\n/.exec(head)?.[1] ??
    /"segment_index"\s*:\s*(\d+)/.exec(head)?.[1];
  return {
    ...targetOf({
      operation: arrival.route.operation,
      params: arrival.params,
      query: arrival.query,
      body: { kind: 'none' },
      identity: undefined,
    }),
    segmentIndex: index === undefined ? undefined : Number(index),
    text: Buffer.from(head, 'latin1').toString('utf8'),
  };
}

function firstPiece(req: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const settle = (piece: Buffer) => {
      req.off('readable', onReadable).off('end', onEnd).off('close', onEnd);
      if (piece.length > 0) req.unshift(piece);
      resolve(piece);
    };
    const onEnd = () => settle(Buffer.alloc(0));
    const onReadable = () => {
      const piece: unknown = req.read();
      if (piece instanceof Buffer) settle(piece);
    };
    req.on('readable', onReadable).on('end', onEnd).on('close', onEnd);
  });
}

function fieldsOf(body: Body): Record<string, unknown> {
  if (body.kind === 'json' && typeof body.value === 'object' && body.value !== null)
    return Object.fromEntries(Object.entries(body.value));
  if (body.kind === 'multipart')
    return Object.fromEntries(
      body.parts
        .filter((part) => part.name !== 'media')
        .map((part) => [part.name, part.data.toString('utf8')]),
    );
  return {};
}
