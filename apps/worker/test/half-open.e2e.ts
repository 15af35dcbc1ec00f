import { type Stack, startStack } from '@slipway/local';
import { type FaultProxy, eventually, makeVideo, startFaultProxy } from '@slipway/testkit';
import { Redis } from 'ioredis';
import { type TestContext, describe, test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

/** How long whoever is behind a half-open connection may be away. */
const BAR_MS = 30_000;
/** The API gives Redis 5 s to answer. */
const ANSWER_WITHIN_MS = 7_000;
const CHUNK_BYTES = 32 * 1024;
const SEGMENTS = 64;

interface Broken {
  stack: Stack;
  /** The link of each process to Redis. */
  links: FaultProxy[];
  /** The connections that Redis sees, by name: the newest of each. */
  clients: () => Promise<Map<string, number>>;
  /** Asks the API, and says what it answered and how long that took. */
  ask: (
    path: string,
    body?: object,
  ) => Promise<{ status: number; code?: string; id: string; tookMs: number }>;
  timesOnX: (text: string) => Promise<number>;
}

/** A stack in which every process reaches Redis by a link that can be broken. */
async function start({ onTestFinished }: TestContext): Promise<Broken> {
  const links: FaultProxy[] = [];
  const stack = await startStack({
    settings: { SLIPWAY_CHUNK_BYTES: String(CHUNK_BYTES), SLIPWAY_SEGMENTS_IN_FLIGHT: '1' },
    async link({ to, url }) {
      if (to !== 'redis') return url;
      const link = await startFaultProxy({ target: { port: Number(new URL(url).port) } });
      links.push(link);
      return `redis://${link.host}:${link.port}`;
    },
  });
  const redis = new Redis(stack.redisUrl, { connectionName: 'onlooker' });
  onTestFinished(async () => {
    redis.disconnect();
    for (const link of links) await link.heal();
    await stack.stop();
    for (const link of links) await link.close();
  });
  return {
    stack,
    links,
    async clients() {
      const list = String(await redis.client('LIST'));
      const found = [...list.matchAll(/^id=(\d+) .* name=(\S+)/gm)];
      const ofSlipway = found.filter(([, , name]) => name !== 'onlooker');
      return new Map(
        ofSlipway.map(([, id, name]) => [String(name), Number(id)] as const).toSorted((a, b) => a[1] - b[1]),
      );
    },
    async ask(path, body) {
      const askedAt = performance.now();
      const answer = await fetch(stack.api.url + path, {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${stack.api.key}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      const read: { id: string; code?: string } = JSON.parse(await answer.text());
      return { ...read, status: answer.status, tookMs: performance.now() - askedAt };
    },
    async timesOnX(text) {
      return (await stack.sim.ledger()).posts.filter((post) => post.text === text).length;
    },
  };
}

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe.concurrent('connections to Redis that are half-open', () => {
  test('are all noticed and replaced, and work goes on within 30 s, for worker and API', async (context) => {
    const { expect } = context;
    const { stack, links, clients, ask, timesOnX } = await start(context);
    const account = stack.accounts[0]?.id;
    const slipway = callSlipway(stack);
    const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES, seed: 1 });
    await slipway.put('video', video);
    const watched = await ask('/v1/posts', { account, text: 'watched', publishAt: inMs(3_600_000) });
    const watching = slipway.ended(watched.id, 120_000);
    watching.catch(() => undefined); // if this test fails before it looks
    const { id: uploading } = await slipway.post('uploading', ['video']);
    await ask('/v1/posts', { account, text: 'due meanwhile', publishAt: inMs(2_000) });
    await eventually(async () => (await stack.sim.ledger()).uploads[0]?.segments.length);
    const before = await clients();
    const ofWorker = ['store', 'due', 'queue', 'worker', 'probe'].map((use) => `worker-1-${use}`);
    const ofApi = ['slipway-api', 'slipway-api-events', 'slipway-api-progress'];
    expect([...before.keys()]).toEqual(expect.arrayContaining([...ofWorker, ...ofApi]));

    const frozenAt = performance.now();
    const away = new Map<string, number>();
    const noteOnce = (what: string): void =>
      void (away.has(what) || away.set(what, Math.round(performance.now() - frozenAt)));
    for (const link of links) link.freeze({ newConnections: 'pass' });

    const refused = await ask('/v1/posts', { account, text: 'refused' });
    expect(refused).toMatchObject({ status: 503, code: 'store_unavailable' });
    expect(refused.tookMs).toBeLessThan(ANSWER_WITHIN_MS);

    const within = { timeoutMs: 2 * BAR_MS };
    const noteWhen = async (what: string, happened: () => Promise<boolean>): Promise<void> => {
      await eventually(happened, { ...within, describe: what });
      noteOnce(what);
    };
    await Promise.all([
      noteWhen(
        'API accepts',
        async () => (await ask('/v1/posts', { account, text: 'accepted' })).status === 202,
      ),
      noteWhen('due post is on X', async () => (await timesOnX('due meanwhile')) > 0),
      noteWhen('broken upload is on X', async () => (await timesOnX('uploading')) > 0),
      ...[...before].map(([name, id]) =>
        noteWhen(`connection ${name}`, async () => ((await clients()).get(name) ?? 0) > id),
      ),
    ]);
    console.log('half-open, ms until', Object.fromEntries(away));
    for (const [what, ms] of away) expect(ms, what).toBeLessThan(BAR_MS);

    // What was followed before is followed still, and what is accepted now is worked on at once.
    await ask(`/v1/posts/${watched.id}/cancel`, {});
    expect((await watching).status).toBe('canceled');
    const { id: next } = await slipway.post('next', []);
    expect((await slipway.ended(next, 5_000)).status).toBe('published');
    expect((await slipway.ended(uploading, 5_000)).status).toBe('published');
    for (const text of ['uploading', 'due meanwhile', 'next']) expect(await timesOnX(text), text).toBe(1);
    expect(await timesOnX('refused')).toBeLessThanOrEqual(1);
  });

  test('and stay so for new ones as well: 503 all the while, and work goes on when the link heals', async (context) => {
    const { expect } = context;
    const { stack, links, ask, timesOnX } = await start(context);
    const account = stack.accounts[0]?.id;
    await ask('/v1/posts', { account, text: 'due meanwhile', publishAt: inMs(2_000) });
    const before = links.map(({ connections }) => connections);
    for (const link of links) link.freeze();
    // Until old connections were given up and new ones hang: they are dead as well, and are to be noticed as such.
    const givenUp = (): boolean =>
      links.every(({ connections }, index) => connections > (before[index] ?? 0));
    const deadline = performance.now() + BAR_MS;
    while (!givenUp() && performance.now() < deadline) {
      const refused = await ask('/v1/posts', { account, text: 'refused' });
      expect(refused).toMatchObject({ status: 503, code: 'store_unavailable' });
      expect(refused.tookMs).toBeLessThan(ANSWER_WITHIN_MS);
    }
    expect(givenUp()).toBe(true);
    expect(await timesOnX('due meanwhile')).toBe(0);

    const healedAt = performance.now();
    for (const link of links) link.thaw();
    await eventually(async () => (await ask('/v1/posts', { account, text: 'accepted' })).status === 202);
    const apiMs = Math.round(performance.now() - healedAt);
    await eventually(async () => (await timesOnX('due meanwhile')) > 0 && (await timesOnX('accepted')) > 0, {
      timeoutMs: BAR_MS,
    });
    const workerMs = Math.round(performance.now() - healedAt);
    console.log('healed, ms until', { 'API accepts': apiMs, 'posts are on X': workerMs });
    expect(Math.max(apiMs, workerMs)).toBeLessThan(BAR_MS / 3);
    expect(await timesOnX('due meanwhile')).toBe(1);
  });
});
