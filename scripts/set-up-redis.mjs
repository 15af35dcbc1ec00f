// Sees to it that there is a Redis. `--own`: one to stop and restart, so that the one at REDIS_URL will not do.
// Runs on the project's own Node.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findRedis, planRedis, redisRemedies, redisToolsDir } from '../packages/local/src/find-redis.ts';
import { toolsDir } from './project.mjs';
import { reportFailure, run, SetupError, step } from './step.mjs';

const remedy = redisRemedies;
const redisPackage = ['--no-install-recommends', 'redis-server'];

reportFailure(() => setUpRedis({ ownServerNeeded: process.argv.includes('--own') }));

function setUpRedis({ ownServerNeeded }) {
  const plan = planRedis({
    redisUrl: process.env.REDIS_URL,
    ownServerNeeded,
    found: findRedis() !== undefined,
    hasApt: existsSync('/usr/bin/apt-get'),
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync('/run/systemd/system'),
  });
  if (plan === 'use-url' || plan === 'use-found') return;
  if (plan === 'ask') throw new SetupError('There is no Redis.', { remedy });
  if (plan === 'apt-install') step('Redis, installed with apt-get', installWithApt);
  if (plan === 'apt-unpack') step('Redis, unpacked into .tools/redis', unpackWithApt);
  if (findRedis() === undefined) {
    throw new SetupError('What apt-get brought is too old, or does not start.', { remedy });
  }
}

function installWithApt() {
  // RUNLEVEL=1 keeps the package from starting a server of its own: we start ours, on a free port.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  run('apt-get', ['update', '-q'], { env, remedy });
  run('apt-get', ['install', '-y', '-q', ...redisPackage], { env, remedy });
}

/** Needs no rights and changes nothing outside `.tools`. */
function unpackWithApt() {
  mkdirSync(toolsDir, { recursive: true });
  const work = mkdtempSync(join(toolsDir, 'redis-'));
  const unpacked = join(work, 'root');
  try {
    try {
      unpackPackages(work, unpacked, []);
    } catch {
      // The system's lists are empty, or name files that are gone. To fetch our own takes longer, but no rights.
      rmSync(unpacked, { recursive: true, force: true });
      unpackPackages(work, unpacked, fetchLists(work));
    }
    rmSync(redisToolsDir, { recursive: true, force: true });
    renameSync(unpacked, redisToolsDir);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Unpacks Redis and those of its libraries that this machine lacks: what an installation would bring. */
function unpackPackages(work, unpacked, options) {
  const simulation = run('apt-get', [...options, 'install', '-s', '-q', ...redisPackage], { remedy });
  const packages = [...simulation.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  if (packages.length === 0) {
    throw new SetupError("The system's own redis-server is too old, or does not start.", { remedy });
  }
  run('apt-get', [...options, 'download', '-q', ...packages], { cwd: work, remedy });
  for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', join(work, file), unpacked], { remedy });
  }
}

/** Fetches package lists of our own, and returns the options that make apt-get use them. */
function fetchLists(work) {
  for (const dir of ['lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(work, dir), { recursive: true });
  }
  const options = [
    `Dir::State::Lists=${join(work, 'lists')}`,
    `Dir::Cache=${join(work, 'cache')}`,
    'APT::Sandbox::User=', // the files are ours, not those of the user _apt
  ].flatMap((option) => ['-o', option]);
  run('apt-get', [...options, 'update', '-q'], { remedy });
  return options;
}
