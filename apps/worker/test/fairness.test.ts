import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { type WorkerRig, startRig } from './worker-rig.ts';

// A miniature of bench/src/fairness.ts, of the order alone.

const LARGE_POSTS = 60;
const SMALL_ACCOUNTS = 10;
const SHARE = 2;
const account = (name: string | number): string => `acct_${String(name).padStart(26, '0')}`;

let rig: WorkerRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

test('accounts with a few posts do not wait for the backlog of one that was there before', async ({
  expect,
}) => {
  const large = account('b');
  for (let index = 0; index < LARGE_POSTS; index += 1) {
    await rig.accept(`large ${index}`, [], { accountId: large });
  }
  for (const turn of [1, 2]) {
    for (let index = 0; index < SMALL_ACCOUNTS; index += 1)
      await rig.accept(`small ${index} ${turn}`, [], { accountId: account(index) });
  }
  await rig.startWorker({ concurrency: 2, accountShare: SHARE });
  const posts = await eventually(
    () => {
      const made = rig.sim.ledger().posts;
      return made.length === LARGE_POSTS + 2 * SMALL_ACCOUNTS && made;
    },
    { describe: 'all posts on X', timeoutMs: 20_000 },
  );
  const order = posts.toSorted((a, b) => a.receivedAt - b.receivedAt).map(({ text }) => text);
  const lastSmall = order.findLastIndex((text) => text.startsWith('small'));
  // Of the large one: what it had in hand before, one for each turn of the others, and what two hands change in the order.
  const before = order.slice(0, lastSmall).filter((text) => text.startsWith('large'));
  expect(before.length).toBeLessThanOrEqual(2 * SHARE + 2 + 4);
});
