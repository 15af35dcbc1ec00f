import { type Stack, startStack } from '@slipway/local';
import { eventually, makeVideo } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

// A post whose upload kills every worker that takes it in hand: X leaves its appends without an answer, and that is when the test
// kills the worker. X is slow with its neighbours, so that hardly a segment of theirs gets through before the next death.

const CHUNK_BYTES = 32 * 1024;
const SEGMENTS = 6;
const SLOW_MS = 300;
const NEIGHBOURS = 3;
const ABANDON_LIMIT = 5;
const TEXT = 'in one hand';

/** Posts that were taken from a worker that had died with them. */
const abandoned: string[] = [];
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    usernames: ['poison', ...Array.from({ length: NEIGHBOURS }, (_, index) => `neighbour${index}`)],
    settings: {
      SLIPWAY_CHUNK_BYTES: String(CHUNK_BYTES),
      SLIPWAY_SEGMENTS_IN_FLIGHT: '1',
      SLIPWAY_LEASE_MS: '1000',
      SLIPWAY_ABANDON_LIMIT: String(ABANDON_LIMIT),
    },
    sim: { processingMs: { tweet_video: 0 } },
    onLine: (_, line) => {
      if (!line.includes('"post taken"')) return;
      const taken = JSON.parse(line);
      if (taken.abandoned) abandoned.push(taken.postId);
    },
  });
});
afterAll(() => stack.stop());

describe('a post that kills every worker that takes it', () => {
  test('fails as poison, whatever its workers are called, and its neighbours are posted', async ({
    expect,
  }) => {
    const slipway = callSlipway(stack);
    const [poisonous, ...neighbours] = await Promise.all(
      stack.accounts.map(async (account, index) => {
        const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: index });
        await slipway.put(account.username, video);
        await stack.sim.script({
          on: { operation: 'media.append', userId: account.xUserId },
          times: 'always',
          do: index === 0 ? { hang: true } : { delayMs: SLOW_MS },
        });
        const { id } = await slipway.post(TEXT, [account.username], account);
        return { id, account, video };
      }),
    );
    if (!poisonous) throw new Error('the stack has accounts');
    let isOver = false;
    const ended = slipway.ended(poisonous.id, 120_000).finally(() => (isOver = true));

    let deaths = 0;
    const hung = async () => (await stack.sim.ledger()).requests['media.append']?.['hung'] ?? 0;
    for (;;) {
      await eventually(async () => isOver || (await hung()) > deaths, { timeoutMs: 120_000 });
      if (isOver) break;
      const worker = stack.workers.at(-1);
      worker?.kill('SIGKILL');
      await worker?.exited;
      deaths += 1;
      // By a supervisor, or on another machine.
      await stack.startWorker(deaths % 2 === 0 ? worker?.name : undefined);
    }
    expect(await ended).toMatchObject({
      status: 'failed',
      failure: { code: 'poison', message: `${deaths} workers in a row died with this post in hand.` },
    });
    expect(deaths).toBe(ABANDON_LIMIT + 1);
    expect((await stack.sim.ledger(poisonous.account.xUserId)).posts).toEqual([]);

    for (const { id, account, video } of neighbours) {
      expect(await slipway.ended(id, 60_000)).toMatchObject({ status: 'published', failure: null });
      expect(abandoned.filter((each) => each === id).length).toBeGreaterThanOrEqual(2);
      const { posts, uploads } = await stack.sim.ledger(account.xUserId);
      expect(posts).toHaveLength(1);
      const upload = uploads.find(({ mediaId }) => posts[0]?.mediaIds.includes(mediaId));
      expect(upload?.sha256).toBe(await video.sha256());
    }
  });
});
