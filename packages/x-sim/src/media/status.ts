import { X_TEXTS } from '../faults/answers.ts';
import { userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { blankProblem, refuseInvalid } from '../http/problems.ts';
import { answer, Refusal } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { World } from '../world.ts';
import { describeMedia } from './finalize.ts';
import { isOwner } from './upload.ts';
import type { Upload } from './upload.ts';

/** A client's timer may run a little early; a poll this much before its time still counts as on time. */
const POLL_TOLERANCE_MS = 50;

export function readStatus(world: World, call: Call): Reply {
  const { vocabulary } = world.config;
  const command = call.query.get('command');
  if (command !== null && command !== 'STATUS')
    refuseInvalid(vocabulary, `The \`command\` query parameter value [${command}] is not one of [STATUS]`, {
      command: [command],
    });
  const id = call.query.get('media_id');
  if (id === null) refuseInvalid(vocabulary, 'The `media_id` query parameter can not be empty');
  const upload = world.uploads.get(id);
  const isKnown =
    upload !== undefined &&
    isOwner(upload, userOf(call)) &&
    upload.expiresAt > call.now &&
    upload.processing !== undefined;
  if (!isKnown) return refuseInvalid(vocabulary, X_TEXTS.statusNotFound, { media_id: [id] });
  refuseEarlyPoll(world, upload, call.now);
  upload.polledAt = call.now;
  return answer({ data: describeMedia(upload, call.now) });
}

function refuseEarlyPoll(world: World, upload: Upload, now: number): void {
  const { earlyPoll } = world.config;
  const { processing } = upload;
  if (earlyPoll === 'allow' || processing === undefined || processing.omitCheckAfter) return;
  const since = upload.polledAt ?? (earlyPoll === 'refuse' ? upload.finalizedAt : undefined);
  if (since === undefined) return;
  if (now < since + processing.checkAfterSecs * 1000 - POLL_TOLERANCE_MS)
    throw new Refusal(blankProblem(503));
}
