import type { EventEvidence, Evidence, Violation } from '../evidence.ts';
import type { SeenEvent } from '../subscriber.ts';

/** Invariant 6: a subscriber that reconnects has got every event of its post, each once, in order, up to the last. */
export function checkEvents({ plan, posts, events }: Evidence): Violation[] {
  return posts.flatMap((post) => {
    const found = events.get(post.id);
    if (!found) return [];
    const report = ([rule, detail]: [string, string]): Violation => ({
      invariant: 6,
      rule,
      detail,
      token: null,
      postId: post.id,
    });
    const disorder = findDisorder(found.seen);
    if (disorder) return [report(disorder)];
    // Where writes may be lost, events that were told of may be lost with them.
    if (plan.profile !== 'always') return [];
    const gap = findGap(found, post.status);
    return gap ? [report(gap)] : [];
  });
}

function findDisorder(seen: readonly SeenEvent[]): [string, string] | undefined {
  for (const [index, event] of seen.entries()) {
    const before = seen[index - 1];
    if (before && !isAfter(event.id, before.id))
      return ['events out of order', `${event.id} after ${before.id}`];
  }
  return undefined;
}

function findGap({ seen, told, ended }: EventEvidence, status: string): [string, string] | undefined {
  const [first, last] = [told[0], told.at(-1)];
  if (first?.type !== 'post.scheduled') return ['first event is missing', `it begins with ${first?.type}`];
  if (last?.type !== `post.${status}`)
    return ['last event is missing', `it ends with ${last?.type} and is ${status}`];
  const got = new Set(seen.map(({ id }) => id));
  const missing = told.filter(({ id }) => !got.has(id));
  if (missing.length > 0)
    return ['events not delivered', missing.map(({ id, type }) => `${id} ${type}`).join(', ')];
  if (seen.length !== told.length)
    return ['events that never happened', `${seen.length} instead of ${told.length}`];
  return ended ? undefined : ['a stream without an end', `the post is ${status}`];
}

/** Ids are `<milliseconds>-<sequence>`. */
function isAfter(id: string, other: string): boolean {
  const [ms = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherSequence = 0] = other.split('-').map(Number);
  return ms > otherMs || (ms === otherMs && sequence > otherSequence);
}
