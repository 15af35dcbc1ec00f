import { startRedis, type LocalRedis, type RedisOptions } from '@slipway/local';
import type { PostEvent, PostRequest, PostState } from '@slipway/pipeline/core';
import { eventually } from '@slipway/testkit';
import { Redis } from 'ioredis';
import {
  type ConnectionRole,
  type HeldPost,
  type HeldPosts,
  type HoldOptions,
  type Store,
  connectRedis,
  createAdmissions,
  createHeldPosts,
  createStore,
  layOut,
  newPostId,
} from '../src/index.ts';

export const LEASE_MS = 60_000;
export const GRACE_MS = 30_000;
export const FAR_FUTURE = Date.parse('2100-01-01T00:00:00Z');

/** A Redis of the file's own, and what was connected to it. */
export interface Rig {
  server: LocalRedis;
  /** For looking at what is really there. */
  redis: Redis;
  connect(role: ConnectionRole, name: string, url?: string): Redis;
  /** The callers' side, over `redis` unless told otherwise. */
  store(options?: { partitions?: number; redis?: Redis }): Store;
  /** A worker's side. */
  worker(options?: { partitions?: number; redis?: Redis } & Partial<HoldOptions>): HeldPosts;
  admissions(options?: {
    leaseMs?: number;
    redis?: Redis;
    share?: number;
  }): ReturnType<typeof createAdmissions>;
  /** Names of the clients that Redis knows, `redis` aside. */
  clients(): Promise<string[]>;
  /** Everything in Redis, key by key, byte by byte. */
  dump(): Promise<Record<string, string>>;
  /** Closes what was made, and empties Redis. Fails when anything stays connected. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRig(options: RedisOptions = { appendfsync: 'no' }): Promise<Rig> {
  const server = await startRedis(options);
  const redis = new Redis(server.url, { connectionName: 'rig', retryStrategy: (times) => 50 * times });
  redis.on('error', () => {}); // tests that cut connections cut this one too
  const connections: Redis[] = [];
  const stores: Store[] = [];

  const connect: Rig['connect'] = (role, name, url = server.url) => {
    const connection = connectRedis(url, { role, name });
    connection.on('error', () => {});
    connections.push(connection);
    return connection;
  };
  const clients = async (): Promise<string[]> => {
    const list = String(await redis.client('LIST'));
    return [...list.matchAll(/ name=(\S*)/g)].flatMap(([, name = '']) => (name === 'rig' ? [] : [name]));
  };

  const closeAll = async (): Promise<void> => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    for (const connection of connections.splice(0)) connection.disconnect();
    await eventually(async () => (await clients()).length === 0, { describe: 'the end of all connections' });
  };

  return {
    server,
    redis,
    connect,
    store({ partitions = 1, redis: over = redis } = {}) {
      const store = createStore({
        redis: over,
        partitions,
        connectBlocking: (name) => connectRedis(server.url, { role: 'blocking', name }).on('error', () => {}),
      });
      stores.push(store);
      return store;
    },
    worker: ({ partitions = 1, redis: over = redis, ...given } = {}) =>
      createHeldPosts(over, layOut(partitions), Date.now, {
        holder: 'worker-a',
        leaseMs: LEASE_MS,
        graceMs: GRACE_MS,
        ...given,
      }),
    admissions: ({ leaseMs = LEASE_MS, redis: over = redis, share = 1_000 } = {}) => {
      const [keys] = layOut(1).partitions;
      if (!keys) throw new Error('a layout has at least one partition');
      return createAdmissions(over, keys, { leaseMs, graceMs: GRACE_MS, share });
    },
    clients,
    async dump() {
      const names = (await redis.keys('*')).sort();
      const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
      return Object.fromEntries(names.map((name, index) => [name, dumps[index]?.toString('hex') ?? '']));
    },
    async reset() {
      await closeAll();
      await redis.flushall();
    },
    async stop() {
      await closeAll();
      redis.disconnect();
      await server.stop();
    },
  };
}

export const ACCOUNT = 'acct_01hzzzzzzzzzzzzzzzzzzzzzzz';

let minted = 0;

/** A text post; each is made a millisecond after the one before it. */
export function postRequest(given: Partial<PostRequest> = {}): PostRequest {
  const createdAt = given.createdAt ?? Date.parse('2026-01-01T00:00:00Z') + ++minted;
  const accountId = given.accountId ?? ACCOUNT;
  return {
    id: newPostId(accountId, createdAt),
    accountId,
    text: 'hello',
    media: [],
    options: {},
    publishAt: createdAt,
    createdAt,
    ...given,
  };
}

export const staging = (state: PostState): PostState => ({ ...state, status: 'staging' });
export const published = (state: PostState): PostState => ({
  ...state,
  status: 'published',
  published: { xPostId: '1', at: 1 },
});
export const moved = (type: 'post.staging' | 'post.staged' | 'post.published', at = 1): PostEvent => ({
  type,
  at,
  data: {},
});

/** A post that is due, admitted and in a worker's hand. */
export async function takeInHand(
  rig: Rig,
  { holder = 'worker-a', request = postRequest() } = {},
): Promise<{ id: string; wake: number; post: HeldPost }> {
  await rig.store().posts.create(request, { startAt: 0 });
  const wakes = await rig.admissions().admit(1_000);
  const wake = wakes.find(({ postId }) => postId === request.id)?.wake ?? 0;
  return { id: request.id, wake, post: await claimed(rig.worker({ holder }), request.id, wake) };
}

export async function claimed(worker: HeldPosts, id: string, wake: number): Promise<HeldPost> {
  const claim = await worker.claim(id, wake);
  if ('refused' in claim) throw new Error(`the claim was refused: ${claim.refused}`);
  return claim;
}
