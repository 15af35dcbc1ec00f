import { userOf } from '../http/call.ts';
import type { Call } from '../http/call.ts';
import { refuseBlank } from '../http/problems.ts';
import type { World } from '../world.ts';
import { isOwner } from './upload.ts';
import type { Upload } from './upload.ts';

/** The live upload `id` of the caller; otherwise 404, as for one that never was. */
export function findUpload(world: World, call: Call, id: string | undefined): Upload {
  const upload = id === undefined ? undefined : world.uploads.get(id);
  if (upload === undefined || !isOwner(upload, userOf(call)) || upload.expiresAt <= call.now)
    return refuseBlank(404);
  return upload;
}
