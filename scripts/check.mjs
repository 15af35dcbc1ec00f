// Everything that has to hold before a change is taken, in the order of how fast it tells. Runs on the project's own Node,
// with its tools on PATH: `npm test` sees to that.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { root } from './project.mjs';
import { formatSeconds } from './step.mjs';

const steps = [
  { name: 'format', command: 'oxfmt --check' },
  { name: 'lint', command: 'oxlint --type-aware --deny-warnings' },
  { name: 'boundaries', command: 'turbo boundaries' },
  { name: 'types and build', command: 'turbo run typecheck build publint' },
  { name: 'dead code', command: 'knip' },
  { name: 'tests', command: 'vitest run', isShown: true },
];

let current;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    current?.kill(signal);
    process.kill(process.pid, signal);
  });
}

const failed = [];
for (const step of steps) if (!(await passes(step))) failed.push(step.name);
if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`);
console.log(`${steps.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** Runs one step and prints a line on it, below its own output if that is to be seen or it failed. */
async function passes({ name, command, isShown = false }) {
  const startMs = performance.now();
  const [program, ...args] = command.split(' ');
  current = spawn(program, args, {
    cwd: root,
    stdio: ['ignore', ...(isShown ? ['inherit', 'inherit'] : ['pipe', 'pipe'])],
  });
  const output = [];
  current.stdout?.on('data', (chunk) => output.push(chunk));
  current.stderr?.on('data', (chunk) => output.push(chunk));
  const status = await once(current, 'close').then(
    ([code]) => code,
    (error) => error.message,
  );
  current = undefined;
  const passed = status === 0;
  if (!passed) process.stdout.write(Buffer.concat(output));
  const took = formatSeconds(performance.now() - startMs);
  console.log(passed ? `✓ ${name} ${took}` : `✗ ${name} ${took}: ${command} ended with ${status}`);
  return passed;
}
