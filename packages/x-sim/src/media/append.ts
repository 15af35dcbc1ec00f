import { X_TEXTS } from '../faults/answers.ts';
import type { Call } from '../http/call.ts';
import { refuseInvalid } from '../http/problems.ts';
import { answer, Refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { findUpload } from './find-upload.ts';
import { readMediaBody, refuseOtherFields } from './media-body.ts';

const MAX_SEGMENT_INDEX = 999;

export function appendSegment(world: World, call: Call): Reply {
  const { vocabulary, maxChunkBytes, repeatedSegment, appendAnswer } = world.config;
  const body = readMediaBody(world, call);
  // The edge refuses large chunks before anything looks at them.
  if ((body.media?.length ?? 0) > maxChunkBytes) throw new Refusal({ status: 413 });
  const upload = findUpload(world, call, call.params['id']);
  refuseOtherFields(world, body, ['segment_index']);
  const index = readIndex(body.fields.get('segment_index'));
  if (index === undefined || index < 0 || index > MAX_SEGMENT_INDEX)
    refuseInvalid(vocabulary, X_TEXTS.segmentIndexRange, {
      segment_index: [JSON.stringify(body.fields.get('segment_index') ?? null)],
    });
  if (body.media === undefined) refuseInvalid(vocabulary, '$.media: is missing but it is required');
  if (upload.phase !== 'open')
    refuseInvalid(vocabulary, 'The media upload has already been finalized.', { id: [upload.id] });
  if (repeatedSegment === 'reject' && upload.segments.get(index) !== undefined)
    refuseInvalid(vocabulary, `Segment ${index} was already received.`, { segment_index: [String(index)] });
  upload.segments.add(index, body.media);
  world.changed();
  if (appendAnswer === 'empty_204') return { status: 204 };
  return answer({ data: { expires_at: Math.floor(upload.expiresAt / 1000) } });
}

function readIndex(value: unknown): number | undefined {
  const index = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof index === 'number' && Number.isInteger(index) ? index : undefined;
}
