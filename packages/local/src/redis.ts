import { Redis } from 'ioredis';
import { findRedis, redisRemedies } from './find-redis.ts';
import { findFreePort } from './free-port.ts';
import { makeTempDir, type TempDir } from './on-exit.ts';
import { spawnProcess, type LocalProcess } from './spawn-process.ts';

export interface RedisOptions {
  /** Where it keeps its append-only file. Default: a temporary directory that `stop()` removes. */
  dir?: string;
  /** Default: a free one. */
  port?: number;
  /** When a write reaches the disk. Default `always`: an acknowledged write survives a power cut. */
  appendfsync?: 'always' | 'everysec' | 'no';
  /** Further settings of redis.conf, such as `{ 'maxmemory': '100mb' }`. */
  config?: Record<string, string>;
}

export interface LocalRedis {
  readonly url: string;
  readonly port: number;
  /** Of the server that runs now; changes with `restart()`. */
  readonly pid: number;
  readonly dir: string;
  /** Sends a signal. After one that ends the server (not SIGSTOP or SIGCONT), resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data, after a graceful stop if it is still running. */
  restart(): Promise<void>;
  /** Ends it gracefully, and removes its directory if it was a temporary one. */
  stop(): Promise<void>;
}

const portTries = 5;

/**
 * Starts a real Redis (or Valkey) on 127.0.0.1, with an append-only file and `noeviction`; resolves when it answers PING.
 * Rejects, naming the remedies, when the machine has no server.
 */
export async function startRedis(options: RedisOptions = {}): Promise<LocalRedis> {
  const binary = findRedis();
  if (binary === undefined) throw new Error(`No Redis found. ${redisRemedies}`);
  const home = options.dir === undefined ? makeTempDir('slipway-redis-') : keepDir(options.dir);
  const dir = home.path;
  let port = options.port ?? (await findFreePort());

  const launch = async (): Promise<LocalProcess> => {
    const server = await spawnProcess({
      name: 'redis',
      command: binary.command,
      args: toArguments({ ...settings(dir, port, options.appendfsync ?? 'always'), ...options.config }),
      env: { ...process.env, ...binary.env },
      cwd: dir,
      readyWhen: /Ready to accept connections/,
    });
    await ping(port);
    return server;
  };

  const launchOnFreePort = async (): Promise<LocalProcess> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await launch();
      } catch (error) {
        const taken = error instanceof Error && error.message.includes('Address already in use');
        if (!taken || options.port !== undefined || tries === portTries) throw error;
        port = await findFreePort();
      }
    }
  };

  let server: LocalProcess;
  try {
    server = await launchOnFreePort();
  } catch (error) {
    home.remove();
    throw error;
  }

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    get pid() {
      return server.pid;
    },
    async kill(signal) {
      server.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await server.exited;
    },
    async restart() {
      await server.stop();
      server = await launch();
    },
    async stop() {
      server.kill('SIGCONT'); // one that was stopped by a test must wake up to end gracefully
      await server.stop();
      home.remove();
    },
  };
}

/** A directory that the caller made is the caller's to remove. */
function keepDir(path: string): TempDir {
  return { path, remove() {} };
}

function settings(dir: string, port: number, appendfsync: string): Record<string, string> {
  return {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    appendonly: 'yes',
    appendfsync,
    save: '',
    'maxmemory-policy': 'noeviction',
    // Keeps the hash of a post compact: a fifth less memory for each.
    'hash-max-listpack-value': '2048',
    daemonize: 'no',
    logfile: '',
  };
}

function toArguments(config: Record<string, string>): string[] {
  return Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]);
}

async function ping(port: number): Promise<void> {
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}
