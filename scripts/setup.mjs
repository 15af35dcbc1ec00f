// Makes a fresh checkout able to run: pnpm, dependencies with their Node, Redis. Also: `node scripts/setup.mjs`.
// Needs nothing but Node 18 and npm; says nothing when there is nothing to do.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findNode, nodeMajor, pnpmVersion, root, toolEnvironment, toolsDir } from './project.mjs';
import { reportFailure, run, runShown, SetupError, step } from './step.mjs';

/**
 * Returns the Node that runs the project. Throws a SetupError that names the remedy.
 * `ownServerNeeded`: the target stops and restarts Redis, so that a REDIS_URL of someone else's will not do.
 */
export function setUp({ ownServerNeeded = true, redisNeeded = true } = {}) {
  if (readPnpmVersion() !== pnpmVersion) step(`pnpm ${pnpmVersion} into .tools`, installPnpm);
  // An installation that is whole is looked over in a moment, and needs no word.
  if (lockfileIsInstalled()) installDependencies();
  else step('dependencies', installDependencies);
  const node = findNode();
  if (node === undefined) {
    throw new SetupError(`Slipway runs on Node ${nodeMajor}; this is ${process.version}.`, {
      remedy: `On Linux it is installed with the dependencies; elsewhere install Node ${nodeMajor} or newer (macOS: brew install node).`,
    });
  }
  if (redisNeeded) {
    runShown(node, [join(root, 'scripts/set-up-redis.mjs'), ...(ownServerNeeded ? ['--own'] : [])]);
  }
  return node;
}

const networkRemedy =
  'It needs the npm registry: check the network, and the proxy or registry in the npm configuration.';

function readPnpmVersion() {
  try {
    return JSON.parse(readFileSync(join(toolsDir, 'node_modules/pnpm/package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

function installPnpm() {
  // Under `npm run`, the npm that runs us; npm is not always on PATH.
  const npmCli = process.env.npm_execpath;
  const [command, ...first] = npmCli?.endsWith('npm-cli.js') ? [process.execPath, npmCli] : ['npm'];
  const options = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  run(command, [...first, 'install', '--prefix', toolsDir, ...options, `pnpm@${pnpmVersion}`], {
    cwd: root,
    remedy: networkRemedy,
  });
}

/** pnpm keeps a copy of the lockfile that it installed. */
function lockfileIsInstalled() {
  try {
    const [wanted, installed] = ['pnpm-lock.yaml', 'node_modules/.pnpm/lock.yaml'].map((file) =>
      readFileSync(join(root, file), 'utf8'),
    );
    return wanted === installed;
  } catch {
    return false;
  }
}

function installDependencies() {
  run('pnpm', ['install', '--frozen-lockfile'], {
    cwd: root,
    env: { ...toolEnvironment(), CI: 'true' }, // nobody is there to be asked
    remedy: networkRemedy,
  });
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  reportFailure(() => setUp());
}
