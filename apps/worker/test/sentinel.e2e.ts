import {
  readLogLine,
  startRedis,
  startSentinels,
  startStack,
  type LocalRedis,
  type LocalSentinels,
  type Stack,
} from '@slipway/local';
import { eventually, makeImage, makeVideo } from '@slipway/testkit';
import { Redis } from 'ioredis';
import { afterEach, describe, test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

const CHUNK_BYTES = 32 * 1024;
const SEGMENTS = 64;
const UPLOADS = 4;
const SCHEDULED = 10;
/** Later than any failover here. */
const SCHEDULED_IN_MS = 8_000;
const DOWN_AFTER_MS = 1_000;

/** When a worker first had each post in hand. */
const takenAt = new Map<string, number>();
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

describe('when the master of Redis is', () => {
  // Death is noticed at once, a machine that hangs, with the Sentinel on it, only by its silence.
  test.for([
    { how: 'dead', signal: 'SIGKILL', withinMs: 20_000 },
    { how: 'hanging', signal: 'SIGSTOP', withinMs: 30_000 },
  ] as const)(
    '$how, all goes on with its replica, and nothing is lost or doubled',
    async ({ how, signal, withinMs }, { expect }) => {
      const { master, replica, sentinels, stack } = await startHighlyAvailable();
      const slipway = callSlipway(stack);
      await stack.sim.script({ on: { operation: 'media.append' }, times: 'always', do: { delayMs: 100 } });
      const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: 1 });
      await slipway.put('video', video);
      const publishAt = new Date(Date.now() + SCHEDULED_IN_MS).toISOString();
      const accepted = new Map<string, string>();
      const accept = async (text: string, more: object = {}): Promise<number> => {
        const { status, id } = await post(stack, { text, ...more });
        if (status === 202) accepted.set(text, id);
        return status;
      };
      for (let index = 0; index < SCHEDULED; index += 1) await accept(`scheduled ${index}`, { publishAt });
      for (let index = 0; index < UPLOADS; index += 1)
        await accept(`upload ${index}`, { media: [{ bucket: 'media', key: 'video' }] });
      expect(accepted.size).toBe(SCHEDULED + UPLOADS);
      await eventually(async () => {
        const { uploads } = await stack.sim.ledger();
        return uploads.length === UPLOADS && uploads.every(({ segments }) => segments.length > 4);
      });

      await inSync(master, replica);
      const lostAt = Date.now();
      await master.kill(signal);
      sentinels.processes[1]?.kill(signal);
      let tries = 0;
      await eventually(
        async () => {
          const status = await accept(`try ${(tries += 1)}`);
          if (status === 202) return true;
          expect(status).toBe(503);
          return false;
        },
        { timeoutMs: withinMs, describe: 'the API takes posts again' },
      );
      const acceptedMs = Date.now() - lostAt;
      const takenMs =
        (await eventually(() => takenAt.get(accepted.get(`try ${tries}`) ?? ''), {
          timeoutMs: withinMs,
          describe: 'a worker takes the post',
        })) - lostAt;
      console.log(`${how}: the API accepts again after ${acceptedMs} ms, a worker works after ${takenMs} ms`);
      expect(takenMs).toBeLessThan(withinMs);
      await master.kill('SIGCONT'); // for a while it still takes itself for the master

      for (const [text, id] of accepted)
        expect(await slipway.ended(id, 60_000), text).toMatchObject({ status: 'published', failure: null });
      const { posts, uploads } = await stack.sim.ledger();
      const texts = posts.map(({ text }) => text);
      expect(texts.toSorted()).toEqual([...new Set(texts)].toSorted());
      expect([...accepted.keys()].filter((text) => !texts.includes(text))).toEqual([]);
      const sha256 = await video.sha256();
      for (const { mediaIds } of posts)
        for (const id of mediaIds) expect(uploads.find(({ mediaId }) => mediaId === id)?.sha256).toBe(sha256);
    },
  );
});

describe('when a replica that has missed the last writes takes over', () => {
  test('what was published in them is found on X: nothing is doubled, and what is lost are posts that it never heard of', async ({
    expect,
  }) => {
    const { master, replica, stack } = await startHighlyAvailable();
    const slipway = callSlipway(stack);
    // X's own check for duplicates is off: a second create would make a second post.
    await stack.sim.configure({ duplicateWindowMs: 0 });
    await slipway.put('image', makeImage({ type: 'png', seed: 1 }));
    const publishAt = new Date(Date.now() + 5_000).toISOString();
    const known = new Map<string, string>();
    for (let index = 0; index < 6; index += 1) {
      const media = index % 2 === 0 ? [] : [{ bucket: 'media', key: 'image' }];
      const { id } = await post(stack, { text: `known ${index}`, publishAt, media });
      known.set(`known ${index}`, id);
    }
    await inSync(master, replica);
    await replica.kill('SIGKILL');

    const unknown: string[] = [];
    for (let index = 0; index < 3; index += 1)
      unknown.push((await post(stack, { text: `unknown ${index}` })).id);
    await eventually(async () => (await stack.sim.ledger()).posts.length === 9, {
      timeoutMs: 30_000,
      describe: 'all nine are on X',
    });
    await master.kill('SIGKILL');
    await replica.restart();
    const [first = ''] = known.values();
    await eventually(async () => (await statusOf(stack, first)) === 200, {
      timeoutMs: 60_000,
      describe: 'the API answers from the replica',
    });

    for (const [text, id] of known)
      expect(await slipway.ended(id, 60_000), text).toMatchObject({ status: 'published', failure: null });
    const { posts } = await stack.sim.ledger();
    expect(posts.map(({ text }) => text).toSorted()).toEqual(
      [...known.keys(), 'unknown 0', 'unknown 1', 'unknown 2'].toSorted(),
    );
    const found = await Promise.all(unknown.map((id) => statusOf(stack, id)));
    console.log(
      `lost with the writes: ${found.filter((status) => status === 404).length} of 9 posts; doubled: 0`,
    );
    expect(found).toEqual([404, 404, 404]);
  });
});

async function startHighlyAvailable(): Promise<{
  master: LocalRedis;
  replica: LocalRedis;
  sentinels: LocalSentinels;
  stack: Stack;
}> {
  const master = await startRedis();
  stops.push(() => master.stop());
  const replica = await startRedis({ replicaOf: master });
  stops.push(() => replica.stop());
  const sentinels = await startSentinels({ master, downAfterMs: DOWN_AFTER_MS });
  stops.push(() => sentinels.stop());
  const stack = await startStack({
    workers: 2,
    redisUrl: sentinels.url,
    settings: {
      SLIPWAY_CHUNK_BYTES: String(CHUNK_BYTES),
      // After the failover every post that may have been created is looked for; with these for seconds instead of minutes.
      SLIPWAY_CREATE_TIMEOUT_MS: '1000',
      SLIPWAY_CONFIRM_WINDOW_MS: '2000',
    },
    onLine: (_name, line) => {
      const { msg, postId } = readLogLine(line) ?? {};
      if (msg === 'post taken' && !takenAt.has(String(postId))) takenAt.set(String(postId), Date.now());
    },
  });
  stops.push(() => stack.stop());
  return { master, replica, sentinels, stack };
}

async function post({ api, accounts }: Stack, body: object): Promise<{ status: number; id: string }> {
  const response = await fetch(`${api.url}/v1/posts`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ account: accounts[0]?.id, ...body }),
  });
  const { id = '' }: { id?: string } = JSON.parse(await response.text());
  return { status: response.status, id };
}

async function statusOf({ api }: Stack, id: string): Promise<number> {
  const headers = { authorization: `Bearer ${api.key}` };
  return (await fetch(`${api.url}/v1/posts/${id}`, { headers })).status;
}

/** The replica has all that was written before. */
async function inSync(master: LocalRedis, replica: LocalRedis): Promise<void> {
  const [from, to] = [new Redis(master.url), new Redis(replica.url)];
  try {
    const written = await offsetOf(from);
    await eventually(async () => (await offsetOf(to)) >= written);
  } finally {
    from.disconnect();
    to.disconnect();
  }
}

async function offsetOf(redis: Redis): Promise<number> {
  return Number(/master_repl_offset:(\d+)/.exec(await redis.info('replication'))?.[1]);
}
