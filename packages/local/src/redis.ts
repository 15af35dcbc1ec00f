import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './ask-redis.ts';
import { cutAof, markAof, type AofMark } from './append-only-file.ts';
import { requireRedis } from './find-redis.ts';
import { onFreePort } from './free-port.ts';
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
  /** Start as a replica of this server, in sync with it. */
  replicaOf?: RedisMaster;
}

/** A server on 127.0.0.1 that can be followed, or a proxy in front of one. */
export type RedisMaster = Pick<LocalRedis, 'port'>;

export interface LocalRedis {
  readonly url: string;
  readonly port: number;
  /** Of the server that runs now; changes with `restart()`. */
  readonly pid: number;
  readonly dir: string;
  /** Sends a signal. After one that ends the server (not SIGSTOP or SIGCONT), resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data, after a graceful stop if it is still running. A replica need not be in sync yet. */
  restart(): Promise<void>;
  /** Becomes a replica of `master`; resolves when it is in sync. What it has and `master` has not is thrown away. */
  follow(master: RedisMaster): Promise<void>;
  /** A replica stays one but hears nothing more from its master, until `follow()` or `promote()`. */
  lag(): Promise<void>;
  /** Becomes a master with the data that it has. */
  promote(): Promise<void>;
  /** How long its append-only file is now, for `cutAofTail()`. Redis 7 or newer. */
  aofMark(): AofMark;
  /** Loses all that was written after the mark, as a power cut would. Only between `kill('SIGKILL')` and `restart()`. */
  cutAofTail(mark: AofMark): void;
  /** Ends it gracefully, and removes its directory if it was a temporary one. */
  stop(): Promise<void>;
}

/** Nothing listens there: who follows it hears nothing. */
const nowhere: RedisMaster = { port: 1 };
const inSyncWithinMs = 20_000;

/**
 * Starts a real Redis (or Valkey) on 127.0.0.1, with an append-only file and `noeviction`; resolves when it answers PING.
 * Rejects, naming the remedies, when the machine has no server.
 */
export async function startRedis(options: RedisOptions = {}): Promise<LocalRedis> {
  const binary = requireRedis();
  const home = options.dir === undefined ? makeTempDir('slipway-redis-') : keepDir(options.dir);
  const dir = home.path;
  let port = options.port ?? 0;
  let master = options.replicaOf;
  let ended = false;

  const launch = async (): Promise<LocalProcess> => {
    const server = await spawnProcess({
      name: 'redis',
      command: binary.command,
      args: toArguments({
        ...settings(dir, port, options.appendfsync ?? 'always'),
        ...(master && { replicaof: `127.0.0.1 ${master.port}` }),
        ...options.config,
      }),
      env: { ...process.env, ...binary.env },
      cwd: dir,
      readyWhen: /Ready to accept connections/,
    });
    await ask(port, 'PING');
    ended = false;
    void server.exited.then(() => (ended = true));
    return server;
  };

  const launchOn = (free: number): Promise<LocalProcess> => {
    port = free;
    return launch();
  };
  let server: LocalProcess;
  try {
    server = await (options.port === undefined ? onFreePort(launchOn) : launch());
  } catch (error) {
    home.remove();
    throw error;
  }
  const stop = async (): Promise<void> => {
    await server.stop();
    home.remove();
  };
  try {
    if (master) await inSync(port);
  } catch (error) {
    await stop();
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
    async follow(other) {
      master = other;
      await ask(port, 'REPLICAOF', '127.0.0.1', String(other.port));
      await inSync(port);
    },
    async lag() {
      if (!master) throw new Error('A master cannot lag behind; only a replica can.');
      await ask(port, 'REPLICAOF', '127.0.0.1', String(nowhere.port));
    },
    async promote() {
      master = undefined;
      await ask(port, 'REPLICAOF', 'NO', 'ONE');
    },
    aofMark: () => markAof(dir),
    cutAofTail(mark) {
      if (!ended) throw new Error("The server is running; end it with kill('SIGKILL') first.");
      cutAof(dir, mark);
    },
    stop,
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
    // A replica is served at once instead of after 5 s, in which others might come.
    'repl-diskless-sync-delay': '0',
    daemonize: 'no',
    logfile: '',
  };
}

function toArguments(config: Record<string, string>): string[] {
  return Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]);
}

/** A replica that has its master's data, on disk as well: before that, Redis refuses to end gracefully. */
async function inSync(port: number): Promise<void> {
  const deadline = performance.now() + inSyncWithinMs;
  for (;;) {
    const info = String(await ask(port, 'INFO'));
    const writing = /aof_rewrite_(in_progress|scheduled):1/.test(info);
    if (info.includes('master_link_status:up') && !writing) return;
    if (performance.now() > deadline)
      throw new Error(`The replica was not in sync within ${inSyncWithinMs} ms.`);
    await wait(10);
  }
}
