import { spawnSync } from 'node:child_process';

/** A failure that a person can mend: what failed, in which words, and the remedy. */
export class SetupError extends Error {
  constructor(message, { output = '', remedy = '' } = {}) {
    super([message, indent(output), remedy].filter(Boolean).join('\n'));
  }
}

/** Says what is being done, does it, and says how long it took: one line. */
export function step(title, act) {
  process.stdout.write(`set-up: ${title} … `);
  const startMs = performance.now();
  try {
    const result = act();
    console.log(formatSeconds(performance.now() - startMs));
    return result;
  } catch (error) {
    console.log('failed');
    throw error;
  }
}

/** Runs a command to its end and returns what it printed. Throws a SetupError with that when it fails. */
export function run(command, args, { remedy, ...options } = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  if (status === 0) return stdout;
  const how = error?.message ?? (signal ? `ended by ${signal}` : `status ${status}`);
  throw new SetupError(`${[command, ...args].join(' ')}: ${how}`, {
    output: `${stdout ?? ''}${stderr ?? ''}`,
    remedy,
  });
}

/** Runs a command that speaks for itself. Throws a SetupError without words when it fails. */
export function runShown(command, args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new SetupError('');
}

/** Returns what `act` returns; a failure that a person can mend is told without a stack, and sets the exit status. */
export function reportFailure(act) {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    if (error.message) console.error(error.message);
    process.exitCode = 1;
    return undefined;
  }
}

export function formatSeconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function indent(text) {
  return text.trim().replace(/^/gm, '  ').trimEnd();
}
