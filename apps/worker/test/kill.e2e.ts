import { type LocalProcess, type Stack, startStack } from '@slipway/local';
import { eventually, makeVideo, seededRandom } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

const SEGMENTS = 128;
const CHUNK_BYTES = 32 * 1024;
const IN_FLIGHT = 3;
/** The simulator counts a request that broke off with its multipart framing, which is not the file's. */
const FRAMING_BYTES = 512;
const MOMENTS = 20;
/** Uploads at a time. A worker has one post in hand, so that a kill hits one upload only. */
const LANES = 4;

const random = seededRandom(Number(process.env['SEED'] ?? Date.now() % 2 ** 31));
/** Which worker took which post last, by the workers' own logs. */
const holders = new Map<string, string>();
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({
    workers: LANES + 1,
    usernames: Array.from({ length: MOMENTS }, (_, index) => `user${index}`),
    settings: {
      SLIPWAY_CHUNK_BYTES: String(CHUNK_BYTES),
      SLIPWAY_SEGMENTS_IN_FLIGHT: String(IN_FLIGHT),
      SLIPWAY_LEASE_MS: '1000',
      SLIPWAY_WORKER_CONCURRENCY: '1',
    },
    // X processes for a while, so that a kill that comes late, on a busy machine, still does not hit the creation of the post:
    // what happens then is another test's subject.
    sim: { processingMs: { tweet_video: 1_500 }, checkAfterSecs: 2 },
    onLine: (name, line) => {
      if (line.includes('"post taken"')) holders.set(JSON.parse(line).postId, name);
    },
  });
});

afterAll(async () => {
  await stack.stop();
});

describe.concurrent(`SIGKILL in the middle of an upload of ${SEGMENTS} segments (SEED=${random.seed})`, () => {
  const moments = Array.from({ length: MOMENTS }, (_, index) => ({
    index,
    segments: random.integer(0, SEGMENTS - 1),
  }));

  test.for(moments)(
    'moment $index, after $segments segments: at most those in flight are sent again',
    async ({ index, segments }, { expect, onTestFailed }) => {
      onTestFailed(() => console.log(`run again with SEED=${random.seed}`));
      const slipway = callSlipway(stack);
      const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: random.seed + index });
      await slipway.put(`video-${index}`, video);
      const account = stack.accounts[index];
      const { id } = await slipway.post(`moment ${index}`, [`video-${index}`], account);
      const uploadsOf = async () => (await stack.sim.ledger(account?.xUserId)).uploads;
      await eventually(async () => (await uploadsOf()).some((upload) => upload.segments.length >= segments), {
        describe: `${segments} segments`,
      });

      const holder = stack.workers.find(({ name }) => name === holders.get(id));
      holder?.kill('SIGKILL');
      expect((await holder?.exited)?.signal).toBe('SIGKILL');
      await replace(holder);

      const post = await slipway.ended(id, 30_000);
      expect(post).toMatchObject({ status: 'published', failure: null });
      const ledger = await stack.sim.ledger(account?.xUserId);
      expect(ledger.posts).toHaveLength(1);
      // One that died between X's answer to initialize and the save of it leaves an upload behind that nobody finishes.
      const upload = ledger.uploads.find(({ mediaId }) => ledger.posts[0]?.mediaIds.includes(mediaId));
      expect(upload?.sha256).toBe(await video.sha256());
      expect(upload?.segments).toHaveLength(SEGMENTS);
      const sentBytes = ledger.uploads.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
      expect(sentBytes - video.totalBytes).toBeLessThanOrEqual(IN_FLIGHT * (CHUNK_BYTES + FRAMING_BYTES));
    },
  );
});

async function replace(worker: LocalProcess | undefined): Promise<void> {
  if (!worker) throw new Error('nobody had the post in hand');
  await stack.startWorker();
}
