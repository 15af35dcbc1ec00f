import { X_TEXTS } from '../faults/answers.ts';
import { isProcessing } from '../faults/fault.ts';
import type { ProcessingFault } from '../faults/fault.ts';
import type { Call } from '../http/call.ts';
import { blankProblem, invalidRequest, refuseInvalid } from '../http/problems.ts';
import { answer, Refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { findUpload } from './find-upload.ts';
import { kindOf } from './categories.ts';
import type { MediaCategory } from './categories.ts';
import { describeProcessing } from './processing.ts';
import type { ProcessingPlan } from './processing.ts';
import { sniff } from './sniff.ts';
import type { Upload } from './upload.ts';

export function finalizeUpload(world: World, call: Call): Reply {
  const { vocabulary, repeatedFinalize, repeatedSegment } = world.config;
  const upload = findUpload(world, call, call.params['id']);
  if (upload.phase === 'finalized') {
    if (repeatedFinalize === 'not_found') throw new Refusal(blankProblem(404));
    if (repeatedFinalize === 'reject')
      refuseInvalid(vocabulary, 'The media upload has already been finalized.', { id: [upload.id] });
    return answer({ data: describeMedia(upload, call.now) });
  }
  const countedBytes =
    upload.segments.bytes() + (repeatedSegment === 'double_count' ? upload.segments.repeatedBytes() : 0);
  if (countedBytes !== upload.totalBytes || upload.phase === 'refused')
    return refuseUpload(world, upload, X_TEXTS.segmentsMismatch);
  completeUpload(world, call, upload);
  return answer({ data: describeMedia(upload, call.now) });
}

/** Takes an upload whose bytes are all here: looks at its first bytes and starts its processing. */
export function completeUpload(world: World, call: Call, upload: Upload): void {
  upload.sha256 = upload.segments.finish();
  upload.sniffed = sniff(upload.segments.head());
  const kind = kindOf(upload.category);
  const isGenuine =
    kind === 'subtitles' ||
    upload.sniffed?.kind === kind ||
    (kind === 'image' && upload.sniffed?.kind === 'gif');
  if (kind === 'image' && !isGenuine) refuseUpload(world, upload, X_TEXTS.mediaTypeUnrecognized);
  upload.phase = 'finalized';
  upload.finalizedAt = call.now;
  upload.expiresAt = call.now + world.config.mediaExpiresAfterMs;
  const plan = planProcessing(world, call, upload, isGenuine);
  if (plan !== undefined) upload.processing = plan;
  world.changed();
}

/** Marks the upload as of no more use and answers 400. */
function refuseUpload(world: World, upload: Upload, message: string): never {
  upload.phase = 'refused';
  upload.segments.discard();
  world.changed();
  throw new Refusal(invalidRequest(world.config.vocabulary, [{ message }]));
}

function planProcessing(
  world: World,
  call: Call,
  upload: Upload,
  isGenuine: boolean,
): ProcessingPlan | undefined {
  const tookMs = processingMs(world, upload.category);
  if (tookMs === undefined) return undefined;
  const fault: ProcessingFault =
    world.faults.take(isProcessing, {
      operation: call.operation,
      userId: upload.userId,
      mediaIds: [upload.id],
    })?.processing ?? {};
  return {
    startedAt: call.now,
    tookMs: fault.takeMs ?? tookMs,
    checkAfterSecs: fault.checkAfterSecs ?? world.config.checkAfterSecs,
    omitCheckAfter: fault.omitCheckAfterSecs ?? false,
    outcome: outcomeOf(fault, isGenuine),
  };
}

function outcomeOf(fault: ProcessingFault, isGenuine: boolean): ProcessingPlan['outcome'] {
  if (fault.fail !== undefined) return { kind: 'fail', error: withoutUndefined(fault.fail) };
  if (fault.errorWhileInProgress !== undefined)
    return { kind: 'error_in_progress', error: withoutUndefined(fault.errorWhileInProgress) };
  if (fault.neverFinish === true) return { kind: 'never' };
  if (isGenuine) return { kind: 'succeed' };
  return {
    kind: 'fail',
    error: { code: 1, name: 'InvalidMedia', message: 'The media could not be read.' },
  };
}

function withoutUndefined(error: { code: number; name: string; message?: string | undefined }) {
  const { message, ...rest } = error;
  return message === undefined ? rest : { ...rest, message };
}

/** How long the category is processed; undefined for those that are ready at once. */
function processingMs(world: World, category: MediaCategory): number | undefined {
  switch (category) {
    case 'tweet_video':
    case 'amplify_video':
    case 'tweet_gif':
    case 'dm_video':
    case 'dm_gif':
      return world.config.processingMs[category];
    case 'tweet_image':
    case 'dm_image':
    case 'subtitles':
      return undefined;
  }
}

/** The `data` of finalize, status and one-shot. */
export function describeMedia(upload: Upload, now: number) {
  const { sniffed } = upload;
  const kind = kindOf(upload.category);
  return {
    id: upload.id,
    media_key: upload.mediaKey,
    size: upload.segments.bytes(),
    expires_after_secs: Math.max(0, Math.floor((upload.expiresAt - now) / 1000)),
    ...(kind === 'image' || kind === 'gif'
      ? {
          image: {
            image_type: sniffed?.mediaType ?? upload.mediaType ?? 'image/unknown',
            ...(sniffed?.width === undefined ? {} : { w: sniffed.width }),
            ...(sniffed?.height === undefined ? {} : { h: sniffed.height }),
          },
        }
      : {}),
    ...(kind === 'video'
      ? { video: { video_type: upload.mediaType ?? sniffed?.mediaType ?? 'video/mp4' } }
      : {}),
    ...(upload.processing === undefined
      ? {}
      : { processing_info: describeProcessing(upload.processing, now) }),
  };
}
