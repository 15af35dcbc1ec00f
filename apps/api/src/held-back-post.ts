import {
  type Block,
  type Blocks,
  type PostRecord,
  isTerminal,
  waitingReasonOf,
} from '@slipway/pipeline/core';
import type { AccountBlocks } from '@slipway/store';
import { type PostView, viewPost, viewWaiting } from './post-resource.ts';

/**
 * A post as the API shows it, with what keeps its account from posting: one that is in nobody's hand does not know of it. A block that
 * is over before the post is due keeps nothing from it.
 */
export async function viewWithAccount(
  record: PostRecord,
  blocks: Pick<AccountBlocks, 'get'>,
): Promise<PostView> {
  const view = viewPost(record);
  const { request, state, heldBy } = record;
  // One that is being published is finished, or looked for, whatever is with its account.
  if (heldBy !== null || state.status === 'publishing' || isTerminal(state.status)) return view;
  const block = longerThan(request.publishAt, await blocks.get(request.accountId));
  if (!block) return view;
  const { cause, until, detail } = block;
  return { ...view, waiting: viewWaiting({ reason: waitingReasonOf(cause), until, detail }) };
}

/** What is wrong with an account is told rather than that it is paused: it takes more than a word. */
function longerThan(publishAt: number, { block, paused }: Blocks): Block | undefined {
  return [block, paused].find((each) => each !== null && (each.until ?? Infinity) > publishAt) ?? undefined;
}
