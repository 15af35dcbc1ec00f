import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where set-up unpacks a Redis when it had better not install one: `.tools/redis` of the project. */
export const redisToolsDir = fileURLToPath(new URL('../../../.tools/redis', import.meta.url));

/** The oldest server that does all we ask of it. */
const minimumVersion = '6.2';

export const redisRemedies = [
  `Slipway needs redis-server ${minimumVersion} or newer, or valkey-server, on PATH. Any one of these gives it:`,
  '  Debian, Ubuntu: sudo apt-get install redis-server',
  '  macOS:          brew install redis',
  '  Docker:         docker run -p 6379:6379 redis:7 redis-server --appendonly yes --appendfsync always,',
  '                  then REDIS_URL=redis://127.0.0.1:6379 npm run demo (or dev)',
].join('\n');

export interface RedisBinary {
  /** Absolute path of redis-server or valkey-server. */
  command: string;
  /** What it needs in its environment to start. */
  env: Record<string, string>;
  /** Such as `7.0.15`. */
  version: string;
}

/** The first Redis or Valkey server that starts and is new enough: on PATH, else where set-up unpacked one. */
export function findRedis({
  path = process.env['PATH'] ?? '',
  toolsDir = redisToolsDir,
}: { path?: string; toolsDir?: string } = {}): RedisBinary | undefined {
  const folders = path.split(delimiter).filter(Boolean);
  const candidates: { command: string; env: Record<string, string> }[] = [
    ...['redis-server', 'valkey-server'].flatMap((name) =>
      folders.map((folder) => ({ command: join(folder, name), env: {} })),
    ),
    { command: join(toolsDir, 'usr/bin/redis-server'), env: libraryPath(toolsDir) },
  ];
  for (const { command, env } of candidates) {
    const version = readVersion(command, env);
    if (version !== undefined && isNewEnough(version)) return { command, env, version };
  }
  return undefined;
}

/** Throws, naming the remedies, when the machine has no server. */
export function requireRedis(): RedisBinary {
  const binary = findRedis();
  if (binary === undefined) throw new Error(`No Redis found. ${redisRemedies}`);
  return binary;
}

export interface RedisSituation {
  /** `REDIS_URL` of the environment. */
  redisUrl: string | undefined;
  /** Whether the target stops and restarts Redis itself, so that someone else's will not do. */
  ownServerNeeded: boolean;
  /** Whether `findRedis` found a server. */
  found: boolean;
  hasApt: boolean;
  isRoot: boolean;
  /** Whether installing the package would also start and enable a server of the system's own. */
  hasSystemd: boolean;
}

export type RedisPlan = 'use-url' | 'use-found' | 'apt-install' | 'apt-unpack' | 'ask';

/** How to come by a Redis, in order of how little it changes on the machine. */
export function planRedis(situation: RedisSituation): RedisPlan {
  if (situation.redisUrl && !situation.ownServerNeeded) return 'use-url';
  if (situation.found) return 'use-found';
  if (!situation.hasApt) return 'ask';
  return situation.isRoot && !situation.hasSystemd ? 'apt-install' : 'apt-unpack';
}

export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minimumMajor = 0, minimumMinor = 0] = minimumVersion.split('.').map(Number);
  return major > minimumMajor || (major === minimumMajor && minor >= minimumMinor);
}

function readVersion(command: string, env: Record<string, string>): string | undefined {
  try {
    accessSync(command, constants.X_OK);
    const text = execFileSync(command, ['--version'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    return /\bv=(\d+\.\d+\.\d+)/.exec(text)?.[1];
  } catch {
    return undefined; // not there, not ours to run, or lacking a library: as good as absent
  }
}

/** An unpacked package finds its libraries only when told where they are: `usr/lib/<machine>` and `lib/<machine>`. */
function libraryPath(toolsDir: string): Record<string, string> {
  const folders = ['usr/lib', 'lib'].flatMap((lib) => {
    try {
      return readdirSync(join(toolsDir, lib)).map((machine) => join(toolsDir, lib, machine));
    } catch {
      return [];
    }
  });
  return { LD_LIBRARY_PATH: folders.join(delimiter) };
}
