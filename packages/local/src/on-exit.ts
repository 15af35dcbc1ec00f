import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const endings = new Set<() => void>();
let listening = false;

/**
 * Runs `end` when this process exits in any way that can be caught: a normal exit, an uncaught error, SIGINT, SIGTERM,
 * SIGHUP. `end` must be synchronous. Returns a function that takes it back.
 */
export function onExit(end: () => void): () => void {
  listen();
  endings.add(end);
  return () => endings.delete(end);
}

export interface TempDir {
  readonly path: string;
  remove(): void;
}

/** Makes a directory of our own under the system's temporary folder; removed on `remove()` or at exit. */
export function makeTempDir(prefix: string): TempDir {
  const path = mkdtempSync(join(tmpdir(), prefix));
  const removeFiles = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const forget = onExit(removeFiles);
  return {
    path,
    remove() {
      removeFiles();
      forget();
    },
  };
}

function listen(): void {
  if (listening) return;
  listening = true;
  process.once('exit', endAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const onSignal = (): void => {
      // A program that handles the signal itself will stop in its own order; the exit hook sees to what it forgets.
      if (process.listenerCount(signal) > 1) return;
      endAll();
      process.removeListener(signal, onSignal);
      process.kill(process.pid, signal); // now with the default effect, so that our parent sees the truth
    };
    process.on(signal, onSignal);
  }
}

function endAll(): void {
  // The youngest first: processes end before the directories they were given go away.
  for (const end of [...endings].toReversed()) {
    endings.delete(end);
    try {
      end();
    } catch {
      // One ending that fails must not keep the others from running.
    }
  }
}
