import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { onExit } from './on-exit.ts';

export interface SpawnOptions {
  /** What the process is called in messages. */
  name: string;
  command: string;
  args?: readonly string[];
  /** The whole environment of the child; default: ours. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** The line of output that says it is ready. Without it, started is ready. */
  readyWhen?: RegExp | ((line: string) => boolean);
  /** How long it may take to be ready. Default 20,000 ms. */
  readyWithinMs?: number;
  /** Called with every line of stdout and stderr. */
  onLine?: (line: string) => void;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LocalProcess {
  readonly name: string;
  readonly pid: number;
  /** The line that said it was ready; empty when none was awaited. */
  readonly readyLine: string;
  /** Its latest lines of output, at most 500, oldest first. */
  readonly lines: readonly string[];
  /** Resolves when the process has ended, however it ended. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal; false if the process is gone. */
  kill(signal: NodeJS.Signals): boolean;
  /** SIGTERM, then SIGKILL once `graceMs` (default 5,000) have passed. Resolves when it has ended. */
  stop(graceMs?: number): Promise<ProcessExit>;
}

const linesKept = 500;

/**
 * Starts a child process and resolves when it is ready. Rejects, with its last output, if it ends or stays silent instead.
 * The child ends when we do, in any way that can be caught, and is only ever signalled by its own pid.
 */
export async function spawnProcess(options: SpawnOptions): Promise<LocalProcess> {
  const { name, command, readyWhen, readyWithinMs = 20_000, onLine } = options;
  const child = spawn(command, options.args ?? [], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches only us, and we end our children in order.
    detached: true,
    ...(options.env && { env: options.env }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  const exited = watchExit(child);
  const lines: string[] = [];
  let readyLine = '';

  const ready = new Promise<void>((resolve) => {
    if (readyWhen === undefined) child.once('spawn', resolve);
    const takeLine = (line: string): void => {
      lines.push(line);
      if (lines.length > linesKept) lines.shift();
      if (readyWhen !== undefined && readyLine === '' && matches(readyWhen, line)) {
        readyLine = line;
        resolve();
      }
      onLine?.(line);
    };
    for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', takeLine);
  });
  const closed = once(child, 'close').catch(() => undefined); // a spawn error is told by `exited`

  const timeout = new AbortController();
  const outcome = await Promise.race([
    ready.then(() => 'ready' as const),
    exited.then(
      ({ code, signal }) => `ended with ${signal ?? `status ${code}`}`,
      (error: Error) => `could not be started: ${error.message}`,
    ),
    wait(readyWithinMs, `was not ready within ${readyWithinMs} ms`, { signal: timeout.signal }),
  ]);
  timeout.abort();

  const stop = async (graceMs = 5_000): Promise<ProcessExit> => {
    child.kill('SIGTERM');
    child.kill('SIGCONT'); // one that was suspended must wake up to end gracefully
    const grace = setTimeout(() => child.kill('SIGKILL'), graceMs);
    try {
      return await exited;
    } finally {
      clearTimeout(grace);
    }
  };

  const { pid } = child;
  if (outcome !== 'ready' || pid === undefined) {
    if (pid !== undefined) await stop(0);
    await Promise.race([closed, wait(250)]); // for the last words still in the pipe
    const lastWords = lines.slice(-20).map((line) => `  ${line}`);
    throw new Error([`${name} ${outcome} (${command})`, ...lastWords].join('\n'));
  }
  return {
    name,
    pid,
    readyLine,
    lines,
    exited,
    kill: (signal) => child.kill(signal),
    stop,
  };
}

function watchExit(child: ChildProcess): Promise<ProcessExit> {
  const forget = onExit(() => child.kill('SIGKILL'));
  const exited = new Promise<ProcessExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  exited.then(forget, forget);
  return exited;
}

function matches(readyWhen: RegExp | ((line: string) => boolean), line: string): boolean {
  return typeof readyWhen === 'function' ? readyWhen(line) : readyWhen.test(line);
}
