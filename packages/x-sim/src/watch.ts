/** Lets callers wait for a state: looked at after each change, and now and then because time passes. */
export interface Watch<S> {
  changed: () => void;
  /** Resolves with what the predicate returns once that is neither undefined nor false. */
  waitFor: <T>(
    predicate: (state: S) => T | undefined | false,
    options?: { timeoutMs?: number },
  ) => Promise<T>;
  /** Rejects whoever still waits. */
  close(): void;
}

interface Waiter<S> {
  look(state: S): void;
  stop(error: Error): void;
}

/** States that come with time alone (processing done, media expired) are noticed within this time. */
const LOOK_EVERY_MS = 20;
const DEFAULT_TIMEOUT_MS = 10_000;
/** Looking takes at most this share of the time, however large the state has grown. */
const LOOK_SHARE = 0.1;

export function createWatch<S>(read: () => S): Watch<S> {
  const waiters = new Set<Waiter<S>>();
  let nextLook: NodeJS.Timeout | undefined;
  let restingUntilMs = 0;

  function lookAll(): void {
    nextLook = undefined;
    const startedMs = performance.now();
    const state = read();
    for (const waiter of waiters) waiter.look(state);
    restingUntilMs = performance.now() + (performance.now() - startedMs) * (1 / LOOK_SHARE - 1);
    lookWithin(LOOK_EVERY_MS);
  }

  /** Brings the next look forward, but not into the rest after the last one. */
  function lookWithin(ms: number): void {
    clearTimeout(nextLook);
    nextLook = undefined;
    if (waiters.size === 0) return;
    nextLook = setTimeout(lookAll, Math.max(ms, restingUntilMs - performance.now()));
  }

  let isTold = false;
  return {
    changed() {
      if (isTold || waiters.size === 0) return;
      isTold = true;
      // Changes of one turn are looked at together.
      setImmediate(() => {
        isTold = false;
        if (performance.now() >= restingUntilMs && waiters.size > 0) lookAll();
        else lookWithin(0);
      });
    },
    waitFor<T>(
      predicate: (state: S) => T | undefined | false,
      { timeoutMs = DEFAULT_TIMEOUT_MS }: { timeoutMs?: number } = {},
    ) {
      return new Promise<T>((resolve, reject) => {
        const finish = () => {
          clearTimeout(timeout);
          waiters.delete(waiter);
        };
        const waiter: Waiter<S> = {
          look(state) {
            try {
              const value = predicate(state);
              if (value === undefined || value === false) return;
              finish();
              resolve(value);
            } catch (error) {
              waiter.stop(error instanceof Error ? error : new Error(String(error)));
            }
          },
          stop(error) {
            finish();
            reject(error);
          },
        };
        const timeout = setTimeout(() => {
          const state = JSON.stringify(read()).slice(0, 10_000);
          waiter.stop(
            new Error(`what was waited for did not come within ${timeoutMs} ms; there is: ${state}`),
          );
        }, timeoutMs);
        waiters.add(waiter);
        waiter.look(read());
        lookWithin(LOOK_EVERY_MS);
      });
    },
    close() {
      for (const waiter of waiters) waiter.stop(new Error('the simulator was closed'));
      clearTimeout(nextLook);
    },
  };
}
