/**
 * `pnpm bench:fairness`: how long the posts of small accounts wait while a large one has its backlog in front of them, beside the
 * same without the large one. Exit status 1 when the bar is missed. It writes nothing.
 */
import { parseArgs } from 'node:util';
import { startStack } from '@slipway/local';
import { type Round, runRound } from './fairness/round.ts';
import { percentiles } from './punctuality/arrivals.ts';

/** The 95th percentile of the small accounts' waits, with the large one and without. */
const MOST_RATIO = 1.3;

const { values } = parseArgs({
  options: {
    large: { type: 'string', default: '20000' },
    accounts: { type: 'string', default: '500' },
    each: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
  },
});
const [largePosts, accounts, postsEach, rounds] = [
  Number(values.large),
  Number(values.accounts),
  Number(values.each),
  Number(values.rounds),
];
console.log(
  `Fairness: one account with ${largePosts} posts queued ahead of ${accounts} accounts with ${postsEach} each`,
);

let activations = 0;
const stack = await startStack({
  workers: 0,
  usernames: ['large', ...Array.from({ length: accounts }, (_, index) => `small-${index}`)],
  sim: { limits: { mode: 'off' }, duplicateWindowMs: 0, digests: 'none' },
  onLine(_process, line) {
    if (line.includes('"post taken"')) activations += 1;
  },
});
try {
  const [large, ...small] = stack.accounts;
  if (!large) throw new Error('the stack has no accounts');
  const round = (name: string, posts: number): Promise<Round> =>
    runRound(stack, name, { largePosts: posts, large, small, postsEach, activations: () => activations });
  const show = (name: string, { waitsMs, activationsPerPost, perSecond }: Round): number => {
    const { p50, p95, max } = percentiles(waitsMs);
    console.log(
      `  ${name.padEnd(12)} small accounts: p50 ${p50} ms, p95 ${p95} ms, max ${max} ms; ` +
        `${perSecond.toFixed(0)} posts/s in all, ${activationsPerPost.toFixed(2)} activations per post`,
    );
    return p95;
  };
  await round('to warm up', largePosts / 10);
  // The worker of each is a new one, as warm as the other. They take turns, so that what else the machine does meets both.
  const ratios: number[] = [];
  for (let index = 1; index <= rounds; index++) {
    console.log(`round ${index}`);
    const without = show('without it', await round(`${index}a`, 0));
    const beside = show('beside it', await round(`${index}b`, largePosts));
    ratios.push(beside / without);
    console.log(`  p95 ${(beside / without).toFixed(2)} times what it is without`);
  }
  const middle = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)] ?? Infinity;
  const held = middle <= MOST_RATIO;
  console.log(
    `p95 ${middle.toFixed(2)} times, median of ${rounds} (bar ${MOST_RATIO}): ${held ? 'held' : 'MISSED'}`,
  );
  process.exitCode = held ? 0 : 1;
} finally {
  await stack.stop();
}
