/**
 * `pnpm bench:punctuality`: how late the request that creates a post is sent. Exit status 1 when a bar is missed.
 *
 * (a) Posts of many accounts, some with videos that X processes for a while, due at random instants of one minute.
 * (b) As many posts due at one instant, and how fast they drain, beside a bare loop that makes the same calls with the same saves.
 */
import { parseArgs } from 'node:util';
import { startStack } from '@slipway/local';
import { seededRandom } from '@slipway/testkit';
import { runBareLoop } from './punctuality/bare-loop.ts';
import { runBurst } from './punctuality/burst.ts';
import { runMinute } from './punctuality/minute.ts';

const BARS = { p99Ms: 250, rate: 0.8 } as const;

const { values } = parseArgs({
  options: {
    posts: { type: 'string', default: '1000' },
    accounts: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const posts = Number(values.posts);
const rounds = Number(values.rounds);
const accounts = Number(values.accounts);
const random = seededRandom(Number(values.seed));
console.log(`Punctuality: ${posts} posts of ${accounts} accounts, seed ${values.seed}`);

const stack = await startStack({
  workers: 1,
  usernames: Array.from({ length: accounts }, (_, index) => `account-${index}`),
  // X's own limits and hashes are not what is measured; its processing time is part of the task.
  sim: {
    limits: { mode: 'off' },
    duplicateWindowMs: 0,
    digests: 'none',
    processingMs: { tweet_video: 30_000, tweet_gif: 30_000 },
    checkAfterSecs: 5,
  },
  settings: { SLIPWAY_STAGING_LEAD_MS: '60000', SLIPWAY_X_TIER: 'unlimited' },
});
try {
  const minute = await runMinute(stack, { posts, random });
  console.log(
    `(a) due at random instants of one minute, ${minute.videos} videos: late by ` +
      `p50 ${minute.late.p50} ms, p99 ${minute.late.p99} ms, max ${minute.late.max} ms`,
  );
  // The two take turns, so that what else the machine does meets both.
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const bare = await runBareLoop(stack, { posts, accounts });
    const burst = await runBurst(stack, { posts });
    ratios.push(burst.perSecond / bare.perSecond);
    console.log(
      `(b) round ${round}: bare loop ${bare.perSecond.toFixed(0)}/s, Slipway ${burst.perSecond.toFixed(0)}/s ` +
        `(${(burst.perSecond / bare.perSecond).toFixed(2)}), first after ${burst.firstMs} ms, last after ${burst.lastMs} ms; ` +
        `the account with a fifth of them ${burst.largeMs} ms, all others ${burst.othersMs} ms`,
    );
  }
  const middle = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? 0;
  const held = minute.late.p99 < BARS.p99Ms && middle >= BARS.rate;
  console.log(
    `p99 ${minute.late.p99} ms (bar ${BARS.p99Ms}); drain ${middle.toFixed(2)} of the bare loop, median of ${rounds} (bar ${BARS.rate}): ${held ? 'held' : 'MISSED'}`,
  );
  process.exitCode = held ? 0 : 1;
} finally {
  await stack.stop();
}
