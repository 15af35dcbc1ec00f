import { type LocalRedis, type LocalS3, startRedis, startS3 } from '@slipway/local';
import { type Accounts, type Clock, type World, createObjects } from '@slipway/pipeline';
import {
  type Policy,
  type PostEvent,
  type PostRequest,
  type PostState,
  type Waiting,
  isTerminal,
  knownLimits,
  policySchema,
} from '@slipway/pipeline/core';
import {
  type AccountBlocks,
  POST_QUEUE,
  type QuotaOptions,
  type Store,
  type Wake,
  connectRedis,
  createAccountBlocks,
  createQuota,
  createStore,
  jobIdOf,
  layOut,
  newPostId,
  watchConnections,
} from '@slipway/store';
import { type Media, type MovableClock, eventually } from '@slipway/testkit';
import { createXClient } from '@slipway/x-media';
import { type Sim, type SimOptions, startSim } from '@slipway/x-sim';
import { type Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { Writable } from 'node:stream';
import { createLogger } from '../src/logger.ts';
import { type WorkerApp, type WorkerAppOptions, startWorker } from '../src/index.ts';

const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';
const TAG = '{slipway:0}';

export interface RigOptions {
  sim?: SimOptions;
  policy?: Partial<Policy>;
  /** Default: the machine's. */
  clock?: Clock;
  /** What is known of X's limits, and the budgets; by default nothing and none. */
  quota?: Partial<QuotaOptions>;
}

export interface TestWorker extends WorkerApp {
  /** What it logged, line by line. */
  log: { msg: string; level: number; [field: string]: unknown }[];
}

/** Redis, S3 and X in this process, and workers as they are asked for. */
export interface WorkerRig {
  redisServer: LocalRedis;
  redis: Redis;
  s3: LocalS3;
  sim: Sim;
  store: Store;
  queue: Queue<Wake>;
  world: World;
  startWorker(options?: Partial<WorkerAppOptions>): Promise<TestWorker>;
  put(key: string, media: Media): Promise<void>;
  accept(text: string, keys?: string[], given?: Partial<PostRequest>): Promise<string>;
  stateOf(id: string): Promise<PostState>;
  /** The state of a post that is over, as soon as it is. */
  ended(id: string): Promise<PostState>;
  /** The first event that the predicate holds for, past or to come. */
  event(id: string, predicate: (event: PostEvent) => boolean): Promise<PostEvent>;
  /** The job of the post's current wake, if there is one. */
  jobOf(id: string): Promise<Job<Wake> | undefined>;
  /** The post's job once it waits for its instant; that of the post, which the record names. */
  delayed(id: string): Promise<{ job: Job<Wake>; until: number }>;
  /** What keeps its account from posting, once the post waits for that in the backlog. */
  parked(id: string): Promise<{ waiting: Waiting }>;
  blocks: AccountBlocks;
  /** Makes the lease of an admitted post run out. */
  endLease(id: string): Promise<void>;
  /** Names of the clients of workers that Redis knows. */
  workerClients(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startRig({
  sim: simOptions,
  policy,
  clock,
  quota: quotaOptions,
}: RigOptions = {}): Promise<WorkerRig> {
  const [redisServer, s3, sim] = await Promise.all([
    startRedis({ appendfsync: 'no' }),
    startS3(),
    startSim(simOptions),
  ]);
  process.env['AWS_ACCESS_KEY_ID'] = s3.credentials.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials.secretAccessKey;
  const user = sim.addUser({ username: 'demo' });
  const x = createXClient({ baseUrl: sim.url });
  const objects = createObjects({ s3Endpoint: s3.endpoint, s3Region: s3.region, s3ForcePathStyle: true });
  const accounts: Accounts = {
    find: async (id) => ({ id, username: 'demo', xUserId: user.id, app: 'default' }),
    credentialsOf: async () => ({ credentials: { type: 'oauth2', accessToken: user.accessToken } }),
    refused: async () => undefined,
  };
  const connect = (name: string, role: 'worker' | 'blocking' = 'worker'): Redis =>
    connectRedis(redisServer.url, { role, name: `rig-${name}` }).on('error', () => {});
  const redis = connect('store');
  const quota = createQuota({
    redis,
    layout: layOut(1),
    limits: knownLimits(),
    tier: 'unlimited',
    appBudgetMicroUsd: null,
    parkMs: policySchema.shape.parkMs.parse(policy?.parkMs),
    now: () => world.clock.now(),
    random: () => 0.5,
    // X and the pipeline are on the clock of the test.
    ...(clock && { sharedNow: clock.now }),
    onTrouble: () => undefined,
    ...quotaOptions,
  });
  const world: World = {
    x,
    objects,
    accounts,
    quota,
    policy: {
      ...policySchema.parse({ chunkBytes: 64 * 1024, backoffBaseMs: 1, backoffCapMs: 5 }),
      ...policy,
    },
    clock: clock ?? { now: Date.now },
    random: () => 0.5,
  };
  const forQueue = connect('queue');
  const store = createStore({
    redis,
    partitions: 1,
    connectBlocking: (name) => connect(name, 'blocking'),
    now: world.clock.now,
  });
  const queue = new Queue<Wake>(POST_QUEUE, { connection: forQueue, prefix: TAG });
  queue.on('error', () => undefined); // as for the connections: tests take Redis away
  const workers: TestWorker[] = [];
  const keys = layOut(1).partitions[0];
  if (!keys) throw new Error('a layout has a partition');

  const stateOf = async (id: string): Promise<PostState> => {
    const record = await store.posts.get(id);
    if (!record) throw new Error(`${id} is gone`);
    return record.state;
  };
  const event: WorkerRig['event'] = async (id, predicate) => {
    const signal = AbortSignal.timeout(20_000);
    for await (const item of store.feed.follow(id, { after: null, signal })) {
      if (item.kind === 'event' && predicate(item.event)) return item.event;
    }
    const state = JSON.stringify(await stateOf(id));
    throw new Error(`what was to happen to ${id} did not; its state: ${state}`);
  };
  const jobOf = async (id: string): Promise<Job<Wake> | undefined> => {
    const wake = Number(await redis.hget(keys.post + id, 'wake'));
    return queue.getJob(jobIdOf({ postId: id, wake }));
  };

  return {
    redisServer,
    redis,
    s3,
    sim,
    store,
    queue,
    world,
    async startWorker(options = {}) {
      const log: TestWorker['log'] = [];
      const lines = new Writable({
        write(chunk: Buffer, _encoding, done) {
          log.push(JSON.parse(chunk.toString()));
          done();
        },
      });
      const logger = createLogger({ level: 'debug', worker: `worker-${workers.length + 1}` }, lines);
      const app = await startWorker({
        redisUrl: redisServer.url,
        partitions: 1,
        redisReplicas: 0,
        name: `worker-${workers.length + 1}`,
        concurrency: 4,
        leaseMs: 10_000,
        accountShare: 8,
        graceMs: 10_000,
        watchdogMs: 0,
        onStuck: () => undefined,
        world,
        watch: watchConnections(logger),
        logger,
        ...options,
      });
      const worker: TestWorker = {
        get inHand() {
          return app.inHand;
        },
        stop: () => app.stop(),
        log,
      };
      workers.push(worker);
      return worker;
    },
    put: async (key, media) => {
      await s3.putObject({ bucket: 'media', key, body: media.stream(), contentType: media.contentType });
    },
    async accept(text, mediaKeys = [], given = {}) {
      const now = world.clock.now();
      const request: PostRequest = {
        id: newPostId(ACCOUNT, now),
        accountId: ACCOUNT,
        text,
        media: mediaKeys.map((key) => ({
          bucket: 'media',
          key,
          versionId: null,
          altText: null,
          category: null,
          ifChanged: 'fail',
        })),
        options: {},
        publishAt: now,
        createdAt: now,
        ...given,
      };
      await store.posts.create(request, { startAt: 0 });
      return request.id;
    },
    stateOf,
    async ended(id) {
      await event(id, ({ type }) =>
        ['published', 'failed', 'canceled', 'missed', 'unconfirmed'].some(
          (status) => type === `post.${status}`,
        ),
      );
      const state = await stateOf(id);
      if (!isTerminal(state.status)) throw new Error(`${id} is not over: ${state.status}`);
      return state;
    },
    event,
    jobOf,
    async delayed(id) {
      const job = await eventually(
        async () => {
          const found = await jobOf(id);
          return found && (await found.isDelayed()) ? found : undefined;
        },
        { describe: `the wait of ${id}` },
      );
      const { waiting } = await stateOf(id);
      return { job, until: waiting?.until ?? 0 };
    },
    async parked(id) {
      const waiting = await eventually(
        async () => {
          const inBacklog = (await redis.zscore(keys.backlog + ACCOUNT, id)) !== null;
          const { waiting: found } = await stateOf(id);
          return inBacklog && found?.cause ? found : undefined;
        },
        { describe: `the park of ${id}` },
      );
      return { waiting };
    },
    blocks: createAccountBlocks(redis, layOut(1), world.clock.now),
    endLease: async (id) => {
      await redis.zadd(keys.admitted, 'XX', 1, id);
    },
    async workerClients() {
      const list = String(await redis.client('LIST'));
      return [...list.matchAll(/ name=(\S*)/g)].flatMap(([, name = '']) =>
        name.startsWith('rig-') ? [] : [name],
      );
    },
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await queue.close();
      await store.close();
      redis.disconnect();
      forQueue.disconnect();
      objects.close();
      await x.close();
      await Promise.all([sim.close(), s3.stop()]);
      await redisServer.stop();
    },
  };
}

/** What the simulator has made of a text. */
export function postsOnX(rig: WorkerRig, text: string) {
  return rig.sim.ledger().posts.filter((post) => post.text === text);
}

export function createsOnX(rig: WorkerRig): number {
  const counts = rig.sim.ledger().requests['posts.create'] ?? {};
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** Lets the time come that the post waits for, on the clock of the rig; says how long that was. */
export async function passWait(rig: WorkerRig, clock: MovableClock, id: string): Promise<number> {
  const { job, until } = await rig.delayed(id);
  const waitedMs = until - clock.now();
  clock.advance(waitedMs);
  await job.promote();
  await eventually(async () => {
    const again = await rig.jobOf(id);
    return !again || again.attemptsStarted > job.attemptsStarted;
  });
  return waitedMs;
}

/**
 * Lets the time come, on the clock of the rig, that a post waits for with its account; Redis has a clock of its own, and so releasing
 * the account stands for that. What nobody but a person ends is ended at once. Says what the post waited for.
 */
export async function passPark(rig: WorkerRig, clock: MovableClock, id: string): Promise<Waiting> {
  const { waiting } = await rig.parked(id);
  clock.advance(waiting.until === null ? 0 : waiting.until - clock.now());
  await rig.blocks.release(ACCOUNT, 'both');
  return waiting;
}

/** Lets the time come whenever the post waits, until it is over or `enough` says so; tells what it waited for. */
export async function passWaits(
  rig: WorkerRig,
  clock: MovableClock,
  id: string,
  enough: (waits: readonly Waiting[]) => boolean = () => false,
): Promise<Waiting[]> {
  const waits: Waiting[] = [];
  for (;;) {
    const state = await eventually(
      async () => {
        const now = await rig.stateOf(id);
        return isTerminal(now.status) || (await (await rig.jobOf(id))?.isDelayed()) ? now : undefined;
      },
      { describe: `the end or a wait of ${id}` },
    );
    if (isTerminal(state.status)) return waits;
    const { waiting } = await rig.stateOf(id);
    if (!waiting) continue;
    waits.push(waiting);
    if (enough(waits)) return waits;
    await passWait(rig, clock, id);
  }
}
