// `node scripts/run.mjs TARGET`: sets up what is missing, then hands over to the target on the project's own Node.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, toolEnvironment } from './project.mjs';
import { setUp } from './setup.mjs';
import { reportFailure } from './step.mjs';

const targets = {
  // The tests kill Redis and start it again; the others make do with one that is there.
  test: { file: 'scripts/check.mjs', ownServerNeeded: true },
  dev: { file: 'packages/local/src/dev.ts', ownServerNeeded: false },
  chaos: { file: 'chaos/src/main.ts', ownServerNeeded: true },
  'bench:fairness': { file: 'bench/src/fairness.ts', ownServerNeeded: true },
  'bench:punctuality': { file: 'bench/src/punctuality.ts', ownServerNeeded: true },
  demo: { file: 'packages/local/src/demo.ts', ownServerNeeded: false },
  keys: { file: 'apps/cli/src/main.ts', args: ['keys'], redisNeeded: false },
  doctor: { file: 'apps/cli/src/main.ts', args: ['doctor'], redisNeeded: false },
};

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(targets, name)) {
  console.error(`Usage: node scripts/run.mjs ${Object.keys(targets).join('|')}`);
  process.exit(2);
}
const target = targets[name];
const node = reportFailure(() => setUp(target));
if (node !== undefined) handOver(node, join(root, target.file), [...(target.args ?? []), ...rest]);

/** What comes in goes to the target, what it ends with is how we end. */
function handOver(node, file, args) {
  const child = spawn(node, [file, ...args], { cwd: root, env: toolEnvironment(node), stdio: 'inherit' });
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the target as well; a second one would cut its stop short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  child.once('error', (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    if (signal === null) {
      process.exitCode = code;
      return;
    }
    for (const each of signals) process.removeListener(each, forward);
    process.kill(process.pid, signal);
  });
}
