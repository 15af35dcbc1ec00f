import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findRedis, planRedis, redisRemedies, redisToolsDir } from '../packages/local/src/find-redis.mjs';
import { toolsDir } from './project.mjs';
import { run, SetupError, step } from './step.mjs';

/** Sees to it that there is a Redis: one of our own to start and stop if `ownServerNeeded`, or the one at `REDIS_URL`. */
export function setUpRedis({ ownServerNeeded }) {
  const plan = planRedis({
    redisUrl: process.env.REDIS_URL,
    ownServerNeeded,
    found: findRedis() !== undefined,
    hasApt: existsSync('/usr/bin/apt-get'),
    isRoot: process.getuid?.() === 0,
    hasSystemd: existsSync('/run/systemd/system'),
  });
  switch (plan) {
    case 'use-url':
    case 'use-found':
      return;
    case 'ask':
      throw new SetupError('There is no Redis.', { remedy: redisRemedies });
    case 'apt-install':
      step('Redis, installed with apt-get', installWithApt);
      break;
    case 'apt-unpack':
      step('Redis, unpacked into .tools/redis', unpackWithApt);
      break;
  }
  if (findRedis() === undefined) {
    throw new SetupError('What apt-get brought does not start, or is too old.', { remedy: redisRemedies });
  }
}

const redisPackage = ['--no-install-recommends', 'redis-server'];
const remedy = redisRemedies;

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
  try {
    const options = fetchLists(work);
    const packages = listMissing(options);
    if (packages.length === 0) {
      throw new SetupError("The system's own redis-server is too old, or does not start.", { remedy });
    }
    run('apt-get', [...options, 'download', '-q', ...packages], { cwd: work, remedy });
    const unpacked = join(work, 'root');
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
      run('dpkg-deb', ['-x', join(work, file), unpacked], { remedy });
    }
    rmSync(redisToolsDir, { recursive: true, force: true });
    renameSync(unpacked, redisToolsDir);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Fetches package lists of our own and returns the options that make apt-get use them. That takes no rights, and the
 * system's lists may be empty or too old to name files that still exist.
 */
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

/** Redis and those of its libraries that this machine lacks: what an installation would bring. */
function listMissing(options) {
  const simulation = run('apt-get', [...options, 'install', '-s', '-q', ...redisPackage], { remedy });
  return [...simulation.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
}
