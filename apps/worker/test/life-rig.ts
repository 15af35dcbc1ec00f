import { type LocalRedis, type LocalS3, startRedis, startS3 } from '@slipway/local';
import { type Objects, type Perform, type World, createObjects, perform, run } from '@slipway/pipeline';
import {
  type Policy,
  type PostEvent,
  type PostRequest,
  type PostState,
  type Waiting,
  knownLimits,
  policySchema,
  startAtOf,
} from '@slipway/pipeline/core';
import {
  type Admissions,
  type HeldPosts,
  type Store,
  connectRedis,
  createAccountBlocks,
  createAdmissions,
  createHeldPosts,
  createQuota,
  createStore,
  keysOfApp,
  layOut,
  newPostId,
} from '@slipway/store';
import { Death, type Life, type Media, lifeUntil } from '@slipway/testkit';
import { type XClient, createXClient } from '@slipway/x-media';
import { type Sim, type SimConfigPatch, type SimUser, startSim } from '@slipway/x-sim';
import type { Redis } from 'ioredis';

const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';

/** What somebody has to release is released after so long. */
const RELEASED_AFTER_MS = 3_600_000;

/** How the life of a worker with a post ended, and what it waited for on the way. */
export interface Lived {
  /** `died`; or the post is over; or it has waited as often as was allowed. */
  end: 'died' | 'over' | 'waiting';
  state: PostState;
  waits: Waiting[];
}

/** Real Redis, S3 and X, and a worker without a queue: it claims a post and works on it, and time passes where the post waits. */
export interface LifeRig {
  sim: Sim;
  user: SimUser;
  store: Store;
  put(key: string, media: Media): Promise<void>;
  accept(text: string, keys?: string[], given?: GivenRequest): Promise<string>;
  /** Works on a post until it is over, the worker dies, or it has waited `maxWaits` times (default: as long as it takes). */
  live(postId: string, options?: { life?: Life; maxWaits?: number }): Promise<Lived>;
  stateOf(id: string): Promise<PostState>;
  eventsOf(id: string): Promise<PostEvent[]>;
  /** Forgets what X has said of its limits so far. */
  forgetLimits(): Promise<void>;
  stop(): Promise<void>;
}

export interface GivenRequest extends Partial<Omit<PostRequest, 'media'>> {
  media?: Partial<PostRequest['media'][number]>;
}

export interface LifeRigOptions {
  policy?: Partial<Policy>;
  sim?: SimConfigPatch;
}

export async function startLifeRig({ policy: given, sim: simConfig }: LifeRigOptions = {}): Promise<LifeRig> {
  const policy = { ...policySchema.parse({ chunkBytes: 16 * 1024, backoffBaseMs: 1 }), ...given };
  const [redisServer, s3, sim]: [LocalRedis, LocalS3, Sim] = await Promise.all([
    startRedis(),
    startS3(),
    // X's own check for duplicates is off: a second create would make a second post.
    startSim({ config: { duplicateWindowMs: 0, ...simConfig } }),
  ]);
  const redis: Redis = connectRedis(redisServer.url, { role: 'worker', name: 'life' });
  process.env['AWS_ACCESS_KEY_ID'] = s3.credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials.secretAccessKey;
  const objects: Objects = createObjects({
    s3Endpoint: s3.endpoint,
    s3Region: s3.region,
    s3ForcePathStyle: true,
  });
  const x: XClient = createXClient({ baseUrl: sim.url });
  const user = sim.addUser({ username: 'demo' });
  const world: World = {
    x,
    objects,
    policy,
    quota: createQuota({
      redis,
      layout: layOut(1),
      limits: knownLimits(),
      tier: 'unlimited',
      appBudgetMicroUsd: null,
      parkMs: policy.parkMs,
      now: sim.clock.now,
      random: () => 0.5,
      sharedNow: sim.clock.now,
      onTrouble: (error) => {
        throw error;
      },
    }),
    accounts: {
      find: async (id) => ({ id, username: 'demo', xUserId: user.id, app: 'default' }),
      credentialsOf: async () => ({ credentials: { type: 'oauth2', accessToken: user.accessToken } }),
      refused: async () => undefined,
    },
    clock: sim.clock,
    random: () => 0.5,
  };
  const layout = layOut(1);
  const [keys] = layout.partitions;
  if (!keys) throw new Error('no partition');
  const store = createStore({ redis, partitions: 1, connectBlocking: () => redis, now: sim.clock.now });
  const held: HeldPosts = createHeldPosts(redis, layout, sim.clock.now, {
    holder: 'w',
    leaseMs: 60_000,
    graceMs: 60_000,
  });
  const admissions: Admissions = createAdmissions(redis, keys, {
    leaseMs: 60_000,
    graceMs: 60_000,
    share: 1_000,
  });

  const blocks = createAccountBlocks(redis, layout, sim.clock.now);

  const stateOf = async (id: string): Promise<PostState> => {
    const record = await store.posts.get(id);
    if (!record) throw new Error(`${id} is gone`);
    return record.state;
  };

  /** Redis has a clock of its own, by which no block is over yet. */
  const handOverAnew = async (postId: string): Promise<number> => {
    await blocks.release(ACCOUNT, 'both');
    const wakes = await admissions.admit(1_000);
    const wake = wakes.find((each) => each.postId === postId)?.wake;
    if (wake === undefined) throw new Error(`${postId} was not handed over`);
    return wake;
  };

  return {
    sim,
    user,
    store,
    async put(key, media) {
      await s3.putObject({ bucket: 'media', key, body: media.stream(), contentType: media.contentType });
    },
    async accept(text, names = [], { media, ...rest } = {}) {
      const now = sim.clock.now();
      const request: PostRequest = {
        id: newPostId(ACCOUNT, now),
        accountId: ACCOUNT,
        text,
        media: names.map((key) => ({
          bucket: 'media',
          key,
          versionId: null,
          altText: null,
          category: null,
          ifChanged: 'fail',
          ...media,
        })),
        options: {},
        publishAt: now,
        createdAt: now,
        ...rest,
      };
      await store.posts.create(request, { startAt: Math.min(Date.now(), startAtOf(request, policy)) });
      await admissions.admit(1_000);
      return request.id;
    },
    async live(postId, { life = lifeUntil(null), maxWaits = Infinity } = {}) {
      const waits: Waiting[] = [];
      let wake = Number(await redis.hget(keys.post + postId, 'wake'));
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
          const post = await held.claim(postId, wake);
          if ('refused' in post) throw new Error(`the claim was refused: ${post.refused}`);
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
              life.pass('after save');
              return null;
            },
          });
          if (outcome.kind === 'done') return { end: 'over', state: await stateOf(postId), waits };
          if (outcome.kind === 'handed_back') continue;
          const { until } = outcome.waiting;
          waits.push(outcome.waiting);
          if (waits.length >= maxWaits) return { end: 'waiting', state: await stateOf(postId), waits };
          sim.clock.advance(until === null ? RELEASED_AFTER_MS : Math.max(0, until - sim.clock.now()));
          if (outcome.kind === 'parked') wake = await handOverAnew(postId);
        }
      } catch (error) {
        if (error instanceof Death) return { end: 'died', state: await stateOf(postId), waits };
        throw error;
      }
    },
    stateOf,
    async eventsOf(id) {
      return (await store.posts.events(id, null)).map(({ event }) => event);
    },
    async forgetLimits() {
      const { limits, park } = keysOfApp('default');
      await redis.del(keys.limitsOf(ACCOUNT));
      await redis.del(limits, park);
      await blocks.release(ACCOUNT, 'both');
    },
    async stop() {
      objects.close();
      redis.disconnect();
      await Promise.all([x.close(), sim.close(), s3.stop()]);
      await redisServer.stop();
    },
  };
}
