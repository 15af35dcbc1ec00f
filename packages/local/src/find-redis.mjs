// Plain JavaScript, because set-up runs it before the project has its own Node.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where set-up unpacks a Redis when it may not install one: `.tools/redis` of the project. */
export const redisToolsDir = fileURLToPath(new URL('../../../.tools/redis', import.meta.url));

/** The oldest server that does all we ask of it. */
const minimumRedisVersion = '6.2';

export const redisRemedies = [
  `Slipway needs redis-server ${minimumRedisVersion} or newer, or valkey-server, on PATH. Any one of these gives it:`,
  '  Debian, Ubuntu: sudo apt-get install redis-server',
  '  macOS:          brew install redis',
  '  Docker:         docker run -p 6379:6379 redis:7 redis-server --appendonly yes --appendfsync always,',
  '                  then REDIS_URL=redis://127.0.0.1:6379 npm run demo (or dev)',
].join('\n');

/**
 * @typedef {object} RedisBinary
 * @property {string} command Absolute path of redis-server or valkey-server.
 * @property {Record<string, string>} env What it needs in its environment to start.
 * @property {string} version Such as `7.0.15`.
 */

/**
 * The first Redis or Valkey server that starts and is new enough: on PATH, else where set-up unpacked one.
 * @param {{ path?: string | undefined, toolsDir?: string }} [where]
 * @returns {RedisBinary | undefined}
 */
export function findRedis({ path = process.env.PATH, toolsDir = redisToolsDir } = {}) {
  const folders = (path ?? '').split(delimiter).filter(Boolean);
  const candidates = ['redis-server', 'valkey-server'].flatMap((name) =>
    folders.map((folder) => ({ command: join(folder, name), env: {} })),
  );
  candidates.push({ command: join(toolsDir, 'usr/bin/redis-server'), env: libraryPath(toolsDir) });
  for (const candidate of candidates) {
    const version = readVersion(candidate);
    if (version !== undefined && isNewEnough(version)) return { ...candidate, version };
  }
  return undefined;
}

/**
 * @typedef {object} RedisSituation
 * @property {string | undefined} redisUrl `REDIS_URL` of the environment.
 * @property {boolean} ownServerNeeded Whether the target stops and starts Redis itself, so that a foreign one is no use.
 * @property {boolean} found Whether `findRedis` found a server.
 * @property {boolean} hasApt
 * @property {boolean} isRoot
 * @property {boolean} hasSystemd Whether installing the package would also start and enable a server of the system's own.
 */

/**
 * How to come by a Redis, in order of how little it changes on the machine.
 * @param {RedisSituation} situation
 * @returns {'use-url' | 'use-found' | 'apt-install' | 'apt-unpack' | 'ask'}
 */
export function planRedis({ redisUrl, ownServerNeeded, found, hasApt, isRoot, hasSystemd }) {
  if (redisUrl && !ownServerNeeded) return 'use-url';
  if (found) return 'use-found';
  if (!hasApt) return 'ask';
  return isRoot && !hasSystemd ? 'apt-install' : 'apt-unpack';
}

/** @param {string} version */
export function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minimumMajor = 0, minimumMinor = 0] = minimumRedisVersion.split('.').map(Number);
  return major > minimumMajor || (major === minimumMajor && minor >= minimumMinor);
}

/**
 * @param {{ command: string, env: Record<string, string> }} candidate
 * @returns {string | undefined}
 */
function readVersion({ command, env }) {
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

/**
 * An unpacked package finds its libraries only when told where they are: `usr/lib/<machine>` and `lib/<machine>`.
 * @param {string} toolsDir
 * @returns {Record<string, string>}
 */
function libraryPath(toolsDir) {
  const folders = ['usr/lib', 'lib'].flatMap((lib) => {
    try {
      return readdirSync(join(toolsDir, lib)).map((machine) => join(toolsDir, lib, machine));
    } catch {
      return [];
    }
  });
  return { LD_LIBRARY_PATH: folders.join(delimiter) };
}
