import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimConfigPatch } from '@slipway/x-sim';
import { ulid } from 'ulid';
import { readLogLine, startApp } from './app-process.ts';
import { makeTempDir } from './on-exit.ts';
import { startRedis, type LocalRedis } from './redis.ts';
import { startS3, type LocalS3 } from './s3.ts';
import { startSimProcess, type SimProcess } from './sim.ts';
import type { LocalProcess } from './spawn-process.ts';

export interface StackOptions {
  /** How many workers to start. Default 1. */
  workers?: number;
  /** Users of X to post as, by name. Default `['demo']`. */
  usernames?: string[];
  /** Buckets to make. Default `['media']`. */
  buckets?: string[];
  /** A Redis that runs already; it is used as it is, and not stopped. Default: one of our own. */
  redisUrl?: string;
  /** Default: a free one. */
  apiPort?: number;
  sim?: SimConfigPatch;
  /** Further settings of the API and the workers. */
  settings?: Readonly<Record<string, string>>;
  /** Called with every line that a process prints. */
  onLine?: (processName: string, line: string) => void;
}

export interface StackAccount {
  /** Slipway's id of it, `acct_…`. */
  readonly id: string;
  readonly username: string;
  readonly xUserId: string;
}

export interface Stack {
  readonly redisUrl: string;
  /** Undefined when the stack was given a Redis. */
  readonly redis: LocalRedis | undefined;
  readonly s3: LocalS3;
  readonly sim: SimProcess;
  readonly api: { readonly url: string; readonly key: string; readonly process: LocalProcess };
  /** Every worker started so far, those that have ended included. */
  readonly workers: readonly LocalProcess[];
  readonly accounts: readonly StackAccount[];
  /** Starts one more. */
  startWorker(): Promise<LocalProcess>;
  /** Ends everything, the API first and Redis last, and removes what was written. */
  stop(): Promise<void>;
}

/** A worker hands back its work before it ends; an upload's step may take a while to reach its checkpoint. */
const stopGraceMs = 10_000;

/**
 * Starts all of Slipway as processes on free ports of this machine: Redis, S3, the simulator, the API and workers.
 * If one of them does not start, the others are stopped and the error tells its last words.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  await using started = new AsyncDisposableStack();
  const dir = makeTempDir('slipway-stack-');
  started.defer(() => dir.remove());
  const hear = (name: string) => options.onLine && { onLine: (line: string) => options.onLine?.(name, line) };

  /** Whatever has started is stopped, also what was still starting when something else failed. */
  const keep = async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
    const running = await starting;
    if (started.disposed) await running.stop();
    else started.defer(async () => void (await running.stop()));
    return running;
  };

  const [redis, s3, sim] = await Promise.all([
    options.redisUrl === undefined ? keep(startRedis()) : undefined,
    keep(startS3({ separate: true, ...(options.buckets && { buckets: options.buckets }) })),
    keep(startSimProcess({ ...(options.sim && { config: options.sim }), ...hear('x-sim') })),
  ]);
  const redisUrl = options.redisUrl ?? redis?.url ?? '';
  const accounts = await addAccounts(sim, options.usernames ?? ['demo'], join(dir.path, 'accounts.json'));
  const key = `sk_${randomBytes(24).toString('hex')}`;
  const settings = {
    REDIS_URL: redisUrl,
    SLIPWAY_S3_ENDPOINT: s3.endpoint,
    SLIPWAY_S3_FORCE_PATH_STYLE: 'true',
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
    SLIPWAY_X_BASE_URL: sim.url,
    SLIPWAY_ACCOUNTS_FILE: join(dir.path, 'accounts.json'),
    ...options.settings,
  };

  const workers: LocalProcess[] = [];
  let workerCount = 0;
  let stopping = false;
  started.defer(async () => {
    stopping = true;
    await Promise.all(workers.map((worker) => worker.stop(stopGraceMs)));
  });
  const startWorker = async (): Promise<LocalProcess> => {
    const name = `worker-${(workerCount += 1)}`;
    const named = { ...settings, SLIPWAY_WORKER_NAME: name };
    const worker = await startApp({
      name,
      app: 'worker',
      settings: named,
      readyMessage: 'ready',
      ...hear(name),
    });
    workers.push(worker);
    if (stopping) {
      await worker.stop();
      throw new Error(`${name} was ready only after the stack had begun to stop`);
    }
    return worker;
  };
  const startApi = async (): Promise<LocalProcess> =>
    startApp({
      name: 'api',
      app: 'api',
      settings: {
        ...settings,
        SLIPWAY_API_HOST: '127.0.0.1',
        SLIPWAY_API_PORT: String(options.apiPort ?? 0),
        SLIPWAY_API_KEYS: key,
      },
      readyMessage: 'listening',
      ...hear('api'),
    });

  const [apiProcess] = await Promise.all([
    keep(startApi()),
    ...Array.from({ length: options.workers ?? 1 }, startWorker),
  ]);
  const running = started.move();
  return {
    redisUrl,
    redis,
    s3,
    sim,
    api: { url: String(readLogLine(apiProcess.readyLine)?.['url']), key, process: apiProcess },
    workers,
    accounts,
    startWorker,
    stop: () => running.disposeAsync(),
  };
}

/** Makes users of X with fixed tokens, and the file that tells Slipway of them. */
async function addAccounts(sim: SimProcess, usernames: string[], file: string): Promise<StackAccount[]> {
  const accounts = await Promise.all(
    usernames.map(async (username) => {
      const user = await sim.addUser({ username });
      const account = { id: `acct_${ulid().toLowerCase()}`, username, xUserId: user.id };
      return { account, credentials: { type: 'oauth2', accessToken: user.accessToken } };
    }),
  );
  const entries = accounts.map(({ account, credentials }) => ({ ...account, credentials }));
  writeFileSync(file, JSON.stringify({ accounts: entries }), { mode: 0o600 });
  return accounts.map(({ account }) => account);
}
