import { randomBytes } from 'node:crypto';
import type { PostEvent, PostRecord } from '@slipway/pipeline/core';
import type { StoredEvent } from './store.ts';

export const RECORD_FIELDS = ['request', 'state', 'rev', 'fence', 'held'] as const;

/** A record from its hash, in the order of `RECORD_FIELDS`. */
export function toRecord([request, state, rev, fence, held]: (string | null)[]): PostRecord | null {
  if (!request || !state) return null;
  return {
    request: JSON.parse(request),
    state: JSON.parse(state),
    rev: Number(rev),
    fence: Number(fence),
    heldBy: held ? holderOf(held) : null,
  };
}

/** An event from the list of its post: its id and, after a space, itself. */
export function toOwnEvent(postId: string, entry: string): StoredEvent {
  const space = entry.indexOf(' ');
  const event: PostEvent = JSON.parse(entry.slice(space + 1));
  return { id: entry.slice(0, space), postId, event };
}

/** An event from a stream entry: its id and its fields, name after name. */
export function toEvent(postId: string, id: string, fields: string[]): StoredEvent {
  const event: PostEvent = JSON.parse(fields[fields.indexOf('e') + 1] ?? 'null');
  return { id, postId, event };
}

/** What stands in `held`: the holder, and a name of this very claim. */
export function nameClaim(holder: string): string {
  return `${holder}/${randomBytes(6).toString('base64url')}`;
}

function holderOf(held: string): string {
  return held.slice(0, held.lastIndexOf('/'));
}
