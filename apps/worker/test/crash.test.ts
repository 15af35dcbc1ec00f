import { type Objects, type Perform, type World, createObjects, perform, run } from '@slipway/pipeline';
import {
  type PostRequest,
  type PostState,
  isTerminal,
  policySchema,
  startAtOf,
} from '@slipway/pipeline/core';
import {
  connectRedis,
  createAdmissions,
  createHeldPosts,
  createStore,
  layOut,
  newPostId,
} from '@slipway/store';
import { type LocalRedis, type LocalS3, startRedis, startS3 } from '@slipway/local';
import { Death, type Life, type Media, lifeUntil, makeGif, makeImage, makeVideo } from '@slipway/testkit';
import { type XClient, createXClient } from '@slipway/x-media';
import { type Sim, startSim } from '@slipway/x-sim';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, test } from 'vitest';

// Every effect of the pipeline, and every save, is a moment before which and after which a worker can die. For each kind of
// post: count the moments of a healthy life, then die at each one of them, let another worker resume, and look at X.

const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';
const policy = policySchema.parse({ chunkBytes: 16 * 1024, backoffBaseMs: 1 });

let redisServer: LocalRedis;
let redis: Redis;
let s3: LocalS3;
let sim: Sim;
let x: XClient;
let objects: Objects;
let world: World;

beforeAll(async () => {
  [redisServer, s3, sim] = await Promise.all([
    startRedis(),
    startS3(),
    startSim({ config: { duplicateWindowMs: 0 } }),
  ]);
  redis = connectRedis(redisServer.url, { role: 'worker', name: 'crash' });
  process.env['AWS_ACCESS_KEY_ID'] = s3.credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials.secretAccessKey;
  objects = createObjects({ s3Endpoint: s3.endpoint, s3Region: s3.region, s3ForcePathStyle: true });
  x = createXClient({ baseUrl: sim.url });
  const user = sim.addUser({ username: 'demo' });
  world = {
    x,
    objects,
    policy,
    accounts: {
      get: (id) => ({ id, username: 'demo', xUserId: user.id }),
      list: () => [],
      credentialsOf: async () => ({ type: 'oauth2', accessToken: user.accessToken }),
    },
    clock: sim.clock,
    random: () => 0.5,
  };
});

afterAll(async () => {
  objects.close();
  redis.disconnect();
  await Promise.all([x.close(), sim.close(), s3.stop()]);
  await redisServer.stop();
});

const KINDS: { name: string; media: () => Media[]; altText: string | null }[] = [
  {
    name: 'images',
    altText: 'described',
    media: () => [makeImage({ type: 'png', seed: 1 }), makeImage({ type: 'jpeg', seed: 2 })],
  },
  { name: 'GIF', altText: null, media: () => [makeGif({ seed: 3 })] },
  { name: 'video', altText: 'described', media: () => [makeVideo({ bytes: 80 * 1024, seed: 4 })] },
];

/** A dead worker's posts come back to the queue; this stands for the queue. */
function createPosts() {
  const store = createStore({
    redis,
    partitions: 1,
    connectBlocking: () => redis,
    now: sim.clock.now,
  });
  const layout = layOut(1);
  const [keys] = layout.partitions;
  if (!keys) throw new Error('no partition');
  const held = createHeldPosts(redis, layout, sim.clock.now, {
    holder: 'w',
    leaseMs: 60_000,
    graceMs: 60_000,
  });
  const admissions = createAdmissions(redis, keys, { leaseMs: 60_000, graceMs: 60_000 });
  return { store, held, admissions };
}

async function accept(text: string, names: string[], altText: string | null): Promise<string> {
  const { store, admissions } = createPosts();
  const now = sim.clock.now();
  const request: PostRequest = {
    id: newPostId(ACCOUNT, now),
    accountId: ACCOUNT,
    text,
    media: names.map((key) => ({
      bucket: 'media',
      key,
      versionId: null,
      altText,
      category: null,
      ifChanged: 'fail',
    })),
    options: {},
    publishAt: now,
    createdAt: now,
  };
  await store.posts.create(request, { startAt: Math.min(Date.now(), startAtOf(request, policy)) });
  await admissions.admit(1_000);
  return request.id;
}

/** Works on a post for one life: until it is over, or until the worker dies. Waits are lived through on the moved clock. */
async function live(postId: string, life: Life): Promise<PostState | 'died'> {
  const { held } = createPosts();
  const mortal: Perform = async (...effect) => {
    const [, action] = effect;
    life.pass(`before ${action.do}`);
    const event = await perform(...effect);
    life.pass(`after ${action.do}`);
    return event;
  };
  try {
    for (;;) {
      life.pass('before claim');
      const post = await held.claim(postId, 1);
      if ('refused' in post) throw new Error(`the claim was refused: ${post.refused}`);
      let { state } = post;
      const outcome = await run(post, {
        world,
        abandoned: post.abandoned,
        changedHistory: post.changedHistory,
        stopping: new AbortController().signal,
        abort: new AbortController().signal,
        onProgress: () => {},
        perform: mortal,
        hold: async () => {},
        durable: async () => true,
        async save(next, events, options) {
          life.pass('before save');
          if ((await post.save(next, events, options)) !== 'saved') throw new Error('the fence is gone');
          state = next;
          life.pass('after save');
          return null;
        },
      });
      if (outcome.kind === 'done') return state;
      if (outcome.kind === 'wait') sim.clock.advance(Math.max(0, outcome.waiting.until - sim.clock.now()));
    }
  } catch (error) {
    if (error instanceof Death) return 'died';
    throw error;
  }
}

function postsOnX(text: string): number {
  return sim.ledger().posts.filter((post) => post.text === text).length;
}

describe.for(KINDS)('$name', ({ name, media, altText }) => {
  test('a worker dies before and after every effect and every save, another goes on: one post', async ({
    expect,
  }) => {
    const files = media();
    const keys = files.map((_, index) => `${name}-${index}`);
    for (const [index, file] of files.entries()) {
      const key = keys[index] ?? '';
      await s3.putObject({ bucket: 'media', key, body: file.stream(), contentType: file.contentType });
    }
    const hashes = new Set(await Promise.all(files.map((file) => file.sha256())));

    const healthy = lifeUntil(null);
    const first = await live(await accept(`${name} healthy`, keys, altText), healthy);
    expect(first).toMatchObject({ status: 'published' });

    for (const [moment] of healthy.moments.entries()) {
      const text = `${name} dies at ${moment}`;
      const id = await accept(text, keys, altText);
      const life = lifeUntil(moment);
      const end = await live(id, life);
      const where = `${text}, ${life.moments.at(-1)}`;
      const state =
        end === 'died' && !(await isOver(id)) ? await live(id, lifeUntil(null)) : await stateOf(id);
      if (state === 'died') throw new Error('only the first worker dies');
      expect(isTerminal(state.status), where).toBe(true);

      expect(state.status, where).toBe('published');
      expect(postsOnX(text), where).toBe(1);
      const post = sim.ledger().posts.find((each) => each.text === text);
      expect(post?.id, where).toBe(state.published?.xPostId);
      const received = sim.ledger().uploads.filter(({ mediaId }) => post?.mediaIds.includes(mediaId));
      expect(new Set(received.map(({ sha256 }) => sha256)), where).toEqual(hashes);
      for (const { source, upload } of state.media) {
        // The server keeps a checksum of each; what two workers sent sums up to it.
        expect(source?.checksum, where).toMatchObject({ algorithm: 'CRC32' });
        for (const [, , checksum] of upload?.acknowledged ?? []) {
          expect(checksum, where).toBe(source?.checksum?.value);
        }
      }
      expect(
        received.every((upload) => (upload.altText ?? null) === altText),
        where,
      ).toBe(true);
    }
  });
});

async function stateOf(id: string): Promise<PostState> {
  const record = await createPosts().store.posts.get(id);
  if (!record) throw new Error(`${id} is gone`);
  return record.state;
}

async function isOver(id: string): Promise<boolean> {
  return isTerminal((await stateOf(id)).status);
}
