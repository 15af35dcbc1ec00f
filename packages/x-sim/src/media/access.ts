import type { User } from '../accounts.ts';
import { refuseBlank, refuseInvalid } from '../http/problems.ts';
import type { Call } from '../http/call.ts';
import type { World } from '../world.ts';
import { isOwner } from './upload.ts';
import type { Upload } from './upload.ts';

/** The user of a call to an endpoint that admits users only. */
export function userOf(call: Call): User {
  return call.caller.user ?? refuseBlank(403);
}

/** The live upload `id` of the caller; otherwise 404, as for one that never was. */
export function findUpload(world: World, call: Call, id: string | undefined): Upload {
  const upload = id === undefined ? undefined : world.uploads.get(id);
  if (upload === undefined || !isOwner(upload, userOf(call)) || upload.expiresAt <= call.now)
    return refuseBlank(404);
  return upload;
}

/** The JSON body of a call, or 400. */
export function jsonBody(world: World, call: Call): unknown {
  const { body } = call;
  if (body.kind === 'json') return body.value;
  if (body.kind === 'none') return {};
  return refuseInvalid(
    world.config.vocabulary,
    body.kind === 'broken' ? body.why : 'Requests with bodies must have content-type of application/json.',
  );
}
