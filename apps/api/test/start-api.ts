import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startRedis, startS3, type LocalRedis, type LocalS3 } from '@slipway/local';
import {
  type ConnectingDeps,
  createConnecting,
  createVault,
  importAccounts,
  parseKeyRing,
  readAccountsFile,
} from '@slipway/accounts';
import { createObjects } from '@slipway/pipeline';
import { knownLimits, pricesSchema } from '@slipway/pipeline/core';
import {
  connectRedis,
  createAccountBlocks,
  createAccountRecords,
  createAppParks,
  createLimitsReader,
  createConnectAttempts,
  createStore,
  layOut,
  readRisks,
  type AccountBlocks,
  type AccountRecords,
  type Store,
} from '@slipway/store';
import { createXClient } from '@slipway/x-media';
import { pino } from 'pino';
import { request } from 'undici';
import { createApiKeys, createApp, DEFAULT_LIMITS, type AppDeps, type Limits } from '../src/index.ts';
import type { Api } from '../src/route-deps.ts';
import { createContractCheck, type Contract } from './contract.ts';

export const KEY = 'sk_test_0123456789abcdefghij';
export const ACCOUNT = 'acct_01k9zq3v6h2m8d4t7w5x0c1b9n';
const ACCOUNTS_FILE = new URL('accounts.json', import.meta.url).pathname;

// The AWS SDK finds its credentials there; the local server takes any.
process.env['AWS_ACCESS_KEY_ID'] ??= 'local';
process.env['AWS_SECRET_ACCESS_KEY'] ??= 'local-secret';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape; the contract check has seen them
  body: any;
}

export interface AskOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH';
  /** Sent as JSON, unless it is text or bytes. */
  body?: unknown;
  headers?: Record<string, string>;
  /** Null sends no key. */
  key?: string | null;
}

export interface ApiUnderTest {
  app: Api;
  url: string;
  store: Store;
  records: AccountRecords;
  blocks: AccountBlocks;
  redis: LocalRedis;
  s3: LocalS3;
  logs: string[];
  /** Everything that Redis keeps, read as text. */
  dumpOfRedis(): Promise<string>;
  /** Lets the keys of a pattern run out now. */
  expire(pattern: string): Promise<void>;
  /** Asks over real HTTP; every answer is held to the API's own description. */
  ask(path: string, options?: AskOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export interface StartOptions {
  limits?: Partial<Limits>;
  s3Endpoint?: string;
  /** Leads the connection to Redis through something else. */
  through?: (redisUrl: string) => Promise<string>;
  deps?: Partial<AppDeps>;
  /** What the connecting of accounts goes by; default: no X app, and an X that cannot be reached. */
  connecting?: Partial<ConnectingDeps>;
  /** Keys beside `KEY`. */
  keys?: readonly string[];
}

/** The real API over a Redis and an S3 server of its own. */
export async function startApi({
  limits,
  s3Endpoint,
  through = async (url) => url,
  deps,
  connecting,
  keys = [],
}: StartOptions = {}): Promise<ApiUnderTest> {
  const [redis, s3] = await Promise.all([startRedis(), startS3()]);
  const logs: string[] = [];
  const redisUrl = await through(redis.url);
  const connect = (role: 'caller' | 'blocking', name: string) =>
    connectRedis(redisUrl, { role, name }).on('error', () => undefined);
  const connection = connect('caller', 'test');
  await once(connection, 'ready');
  const store = createStore({
    redis: connection,
    partitions: 1,
    connectBlocking: (name) => connect('blocking', name),
  });
  const records = createAccountRecords({
    redis: connection,
    layout: layOut(1),
    defaultTier: 'unlimited',
  });
  const ring = parseKeyRing(`test:${Buffer.alloc(32, 7).toString('base64')}`);
  const blocks = createAccountBlocks(connection, layOut(1), Date.now);
  const vault = createVault({ records, ring, now: Date.now });
  await importAccounts(readAccountsFile(ACCOUNTS_FILE), {
    records,
    vault,
    blocks,
    ring,
    clientId: null,
    now: Date.now,
  });
  const x = createXClient({ baseUrl: 'http://127.0.0.1:9' });
  const connectingDeps: ConnectingDeps = {
    x,
    client: null,
    redirectUris: [],
    attempts: createConnectAttempts(connection, layOut(1)),
    records,
    blocks,
    vault,
    ring,
    now: Date.now,
    ...connecting,
  };
  const objects = createObjects({
    s3Endpoint: s3Endpoint ?? s3.endpoint,
    s3Region: s3.region,
    s3ForcePathStyle: true,
  });
  const app = await createApp({
    posts: store.posts,
    feed: store.feed,
    schedule: store.schedule,
    paces: store.paces,
    accounts: records,
    blocks,
    connecting: createConnecting(connectingDeps),
    objects,
    xLimits: createLimitsReader({
      redis: connection,
      layout: layOut(1),
      limits: knownLimits(),
      tier: 'pay_per_use',
      now: Date.now,
    }),
    parks: createAppParks(connection, layOut(1), Date.now),
    appBudgetMicroUsd: null,
    policy: { stagingLeadMs: 600_000, stagingSpreadMs: 0, prices: pricesSchema.parse({}) },
    ping: () => store.ping(),
    risks: () => readRisks(connection, 0),
    requireSafety: false,
    now: () => Date.now(),
    keys: createApiKeys([KEY, ...keys]),
    limits: { ...DEFAULT_LIMITS, ...limits },
    logger: pino({ level: 'debug' }, { write: (line) => logs.push(line) }),
    version: '0.0.0',
    ...deps,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = app.listeningOrigin;
  const contract = createContractCheck(await (await request(`${url}/openapi.json`)).body.json());

  return {
    app,
    url,
    store,
    records,
    blocks,
    redis,
    s3,
    logs,
    async dumpOfRedis() {
      const names = await connection.keys('*');
      const dumps = await Promise.all(names.map((name) => connection.dumpBuffer(name)));
      return names.map((name, index) => `${name} ${dumps[index]?.toString('latin1')}`).join('\n');
    },
    async expire(pattern) {
      const names = await connection.keys(pattern);
      if (names.length === 0) throw new Error(`there is no key ${pattern}`);
      await Promise.all(names.map((name) => connection.pexpire(name, 0)));
    },
    ask: (path, options) => ask(url, contract, path, options),
    async stop() {
      await app.close();
      await Promise.all([store.close(), x.close()]);
      connection.disconnect();
      objects.close();
      await Promise.all([redis.stop(), s3.stop()]);
    },
  };
}

async function ask(
  url: string,
  contract: Contract,
  path: string,
  { method = 'GET', body, headers = {}, key = KEY }: AskOptions = {},
): Promise<Answer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const answer = await request(url + path, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : isRaw ? body : JSON.stringify(body),
  });
  const text = await answer.body.text();
  const type = String(answer.headers['content-type'] ?? '');
  const parsed: unknown = type.includes('json') ? JSON.parse(text) : text;
  contract.check({ method, path, status: answer.statusCode, type, body: parsed });
  return { status: answer.statusCode, headers: answer.headers, body: parsed };
}

/** An S3 endpoint that answers every request in one way: with a status and an error code, or never. */
export async function startStubbornS3(
  answer: { status: number; code: string } | 'silence',
): Promise<{ endpoint: string; asked: Promise<void>; hungUp: Promise<void>; stop(): Promise<void> }> {
  const asked = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    asked.resolve();
    response.on('close', () => hungUp.resolve());
    if (answer === 'silence') return;
    response.writeHead(answer.status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${answer.code}</Code><Message>No.</Message></Error>`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has an address of this shape
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    asked: asked.promise,
    hungUp: hungUp.promise,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
