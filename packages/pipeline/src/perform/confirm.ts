import { timeOfPostId, postIdAt } from '@slipway/x-media';
import { CLOCK_SKEW_MS, type StepEvent, findAlike, findOurs } from '../core/index.ts';
import type { Effect } from './effect.ts';

/** X's largest page. */
const PAGE = 100;
/** An account cannot post more than this in the time that is looked at: 100 posts in 15 minutes are X's limit. */
const MOST_PAGES = 20;

/**
 * Looks on the account's timeline for a post that may be there. Reads it to the end of the time in question: only then can it say
 * that the post is not there. Source: X docs, user timeline; absence is still no proof, which is why there are several looks.
 */
export async function confirm(effect: Effect<{ do: 'confirm' }>, userId: string): Promise<StepEvent> {
  const { publish } = effect.state;
  if (!publish.doubt) throw new Error('there is no doubt to be settled');
  const sinceId = postIdAt(publish.doubt.since - CLOCK_SKEW_MS);
  let paginationToken: string | undefined;
  let alike: string | undefined;
  let reads = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { data } = await effect.x.users.timeline(
      { userId, sinceId, maxResults: PAGE, ...(paginationToken === undefined ? {} : { paginationToken }) },
      { signal: effect.signal },
    );
    const entries = data.posts.map(({ id, text = '', longText, mediaKeys }) => ({
      id,
      text: longText ?? text,
      mediaKeys,
      createdAt: timeOfPostId(id),
    }));
    reads += data.posts.length;
    const ours = findOurs(effect.request, publish, entries);
    const at = effect.world.clock.now();
    const look = { type: 'looked', at, ...(reads > 0 && { reads }) } as const;
    if (ours) return { ...look, found: { xPostId: ours.id, publishedAt: ours.createdAt } };
    alike ??= findAlike(effect.request, publish, entries)?.id;
    paginationToken = data.nextToken;
    if (paginationToken === undefined)
      return { ...look, found: null, ...(alike === undefined ? {} : { alike }) };
  }
  const message = `The timeline has more than ${MOST_PAGES * PAGE} posts since the one that is looked for; it was not read to its end.`;
  const problem = { from: 'slipway', code: 'timeline_too_long', message, hint: '' } as const;
  return {
    type: 'failed',
    at: effect.world.clock.now(),
    action: effect.action,
    problem,
    jitter: effect.world.random(),
  };
}
