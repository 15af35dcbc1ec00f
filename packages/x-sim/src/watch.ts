/** Lets callers wait for a state of the world: looked at after each change, and now and then because time passes. */
export interface Watch {
  changed: () => void;
  waitFor<T, S>(
    read: () => S,
    predicate: (state: S) => T | undefined | false,
    options?: { timeoutMs?: number },
  ): Promise<T>;
  /** Rejects whoever still waits. */
  close(): void;
}

/** States that come with time alone (processing done, media expired) are noticed within this time. */
const LOOK_EVERY_MS = 20;
const DEFAULT_TIMEOUT_MS = 10_000;

export function createWatch(): Watch {
  const waiters = new Set<{ look(): void; stop(error: Error): void }>();
  let isScheduled = false;

  return {
    changed() {
      if (isScheduled || waiters.size === 0) return;
      isScheduled = true;
      // Changes of one turn are looked at together.
      setImmediate(() => {
        isScheduled = false;
        for (const waiter of waiters) waiter.look();
      });
    },
    waitFor<T, S>(
      read: () => S,
      predicate: (state: S) => T | undefined | false,
      options: { timeoutMs?: number } = {},
    ) {
      const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      return new Promise<T>((resolve, reject) => {
        const finish = () => {
          clearInterval(interval);
          clearTimeout(timeout);
          waiters.delete(waiter);
        };
        const waiter = {
          look() {
            try {
              const value = predicate(read());
              if (value === undefined || value === false) return;
              finish();
              resolve(value);
            } catch (error) {
              finish();
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          },
          stop(error: Error) {
            finish();
            reject(error);
          },
        };
        const interval = setInterval(() => waiter.look(), LOOK_EVERY_MS);
        const timeout = setTimeout(
          () =>
            waiter.stop(
              new Error(
                `nothing to be waited for came within ${timeoutMs} ms; the ledger: ${JSON.stringify(read())}`,
              ),
            ),
          timeoutMs,
        );
        waiters.add(waiter);
        waiter.look();
      });
    },
    close() {
      for (const waiter of waiters) waiter.stop(new Error('the simulator was closed'));
    },
  };
}
