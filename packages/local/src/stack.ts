import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimConfigPatch } from '@slipway/x-sim';
import { ulid } from 'ulid';
import { readLogLine, startApp, type AppOptions } from './app-process.ts';
import { makeTempDir } from './on-exit.ts';
import { startRedis, type LocalRedis, type RedisOptions } from './redis.ts';
import { startS3, type LocalS3 } from './s3.ts';
import { startSimProcess, type SimProcess } from './sim.ts';
import type { LocalProcess } from './spawn-process.ts';

/** A connection between a process of Slipway (`api`, `worker-1`, …) and a server. */
export interface Link {
  readonly from: string;
  readonly to: 'redis' | 's3' | 'x';
  /** Of the server. */
  readonly url: string;
}

export interface StackOptions {
  /** How many workers to start. Default 1. */
  workers?: number;
  /** Users of X to post as, by name. Default `['demo']`. */
  usernames?: string[];
  /** Buckets to make. Default `['media']`. */
  buckets?: string[];
  /** A Redis that runs already; it is used as it is, and not stopped. Default: one of our own. */
  redisUrl?: string;
  /** Of the Redis of our own. */
  redis?: RedisOptions;
  /**
   * The URL that a process is given instead of the server's own, so that something can stand between them. Asked once for each
   * process and server, before the process starts for the first time.
   */
  link?: (link: Link) => Promise<string>;
  /** By how much the clock of a process is off; negative for behind. Default: none is. */
  clockSkewMs?: (processName: string) => number;
  /** Default: a free one. Only with a given one can X send people back to it who connect an account. */
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
  readonly api: {
    readonly url: string;
    readonly key: string;
    /** The one that was started last. */
    readonly process: LocalProcess;
  };
  /** Every worker started so far, those that have ended included. */
  readonly workers: readonly LocalProcess[];
  readonly accounts: readonly StackAccount[];
  /** Starts one more, under a new name, or under that of one that has ended, as a supervisor does. */
  startWorker(name?: string): Promise<LocalProcess>;
  /** Starts the API again, at the same URL and with the same key; gracefully ended first if it is still running. */
  restartApi(): Promise<LocalProcess>;
  /** Ends everything, the API first and Redis last, and removes what was written. */
  stop(): Promise<void>;
}

/** A worker hands back its work before it ends, which may take it the 25 s of its default `SLIPWAY_WORKER_GRACE_MS`. */
const stopGraceMs = 30_000;

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
    options.redisUrl === undefined ? keep(startRedis(options.redis)) : undefined,
    keep(startS3({ separate: true, ...(options.buckets && { buckets: options.buckets }) })),
    keep(startSimProcess({ ...(options.sim && { config: options.sim }), ...hear('x-sim') })),
  ]);
  const redisUrl = options.redisUrl ?? redis?.url ?? '';
  const xApp = await addXApp(sim, options.apiPort);
  const accounts = await addAccounts(sim, options.usernames ?? ['demo'], join(dir.path, 'accounts.json'));
  const link = options.link ?? (async ({ url }: Link) => url);
  /** What a process is told of the servers; what the caller of ours has set comes last and wins. */
  const secretKeys = `local:${randomBytes(32).toString('base64')}`;
  const settingsOf = async (from: string): Promise<Record<string, string>> => {
    const [redisLink, s3Link, xLink] = await Promise.all([
      link({ from, to: 'redis', url: redisUrl }),
      link({ from, to: 's3', url: s3.endpoint }),
      link({ from, to: 'x', url: sim.url }),
    ]);
    return {
      REDIS_URL: redisLink,
      SLIPWAY_S3_ENDPOINT: s3Link,
      SLIPWAY_S3_FORCE_PATH_STYLE: 'true',
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.credentials.secretAccessKey,
      SLIPWAY_X_BASE_URL: xLink,
      // The simulator says what it takes; most who use it want no limits at all.
      SLIPWAY_X_TIER: 'unlimited',
      SLIPWAY_ACCOUNTS_FILE: join(dir.path, 'accounts.json'),
      SLIPWAY_SECRET_KEYS: secretKeys,
      ...xApp,
      ...options.settings,
    };
  };

  let stopping = false;
  const launch = async (
    app: Pick<AppOptions, 'name' | 'app' | 'settings' | 'readyMessage'>,
  ): Promise<LocalProcess> => {
    const running = await startApp({
      ...app,
      clockSkewMs: options.clockSkewMs?.(app.name) ?? 0,
      ...hear(app.name),
    });
    if (!stopping) return running;
    await running.stop();
    throw new Error(`${app.name} was ready only after the stack had begun to stop`);
  };

  const workers: LocalProcess[] = [];
  let workerCount = 0;
  const nextName = (): string => `worker-${(workerCount += 1)}`;
  const startWorker = async (name = nextName()): Promise<LocalProcess> => {
    const settings = { ...(await settingsOf(name)), SLIPWAY_WORKER_NAME: name };
    const worker = await launch({ name, app: 'worker', settings, readyMessage: 'ready' });
    workers.push(worker);
    return worker;
  };

  const key = `sk_${randomBytes(24).toString('hex')}`;
  const apiSettings = await settingsOf('api');
  let api: LocalProcess | undefined;
  const startApi = async (port: string): Promise<LocalProcess> => {
    const own = { SLIPWAY_API_HOST: '127.0.0.1', SLIPWAY_API_PORT: port, SLIPWAY_API_KEYS: key };
    const settings = { ...apiSettings, ...own };
    return (api = await launch({ name: 'api', app: 'api', settings, readyMessage: 'listening' }));
  };

  // The last is the first to run.
  started.defer(async () => {
    await Promise.all(workers.map((worker) => worker.stop(stopGraceMs)));
  });
  started.defer(async () => {
    await api?.stop(stopGraceMs);
  });
  started.defer(() => void (stopping = true));
  const [firstApi] = await Promise.all([
    startApi(String(options.apiPort ?? 0)),
    ...Array.from({ length: options.workers ?? 1 }, () => startWorker()),
  ]);
  const url = String(readLogLine(firstApi.readyLine)?.['url']);
  const running = started.move();
  return {
    redisUrl,
    redis,
    s3,
    sim,
    api: {
      url,
      key,
      get process() {
        return api ?? firstApi;
      },
    },
    workers,
    accounts,
    startWorker,
    async restartApi() {
      await api?.stop(stopGraceMs);
      return startApi(new URL(url).port);
    },
    stop: () => running.disposeAsync(),
  };
}

/** Makes the X app of the installation, and the settings that tell Slipway of it. */
async function addXApp(sim: SimProcess, apiPort: number | undefined): Promise<Record<string, string>> {
  const redirectUris = apiPort === undefined ? [] : [`http://127.0.0.1:${apiPort}/v1/accounts/callback`];
  const { clientId, clientSecret } = await sim.addApp({ name: 'Slipway', redirectUris });
  return {
    SLIPWAY_X_CLIENT_ID: clientId,
    SLIPWAY_X_CLIENT_SECRET: clientSecret ?? '',
    SLIPWAY_X_REDIRECT_URIS: redirectUris.join(','),
    // Browsers open it: no link stands between.
    SLIPWAY_X_AUTHORIZE_URL: `${sim.url}/i/oauth2/authorize`,
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
