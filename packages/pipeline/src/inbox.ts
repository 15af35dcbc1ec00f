/** Results of effects that run side by side, taken by one reader in the order they came. */
export interface Inbox<T> {
  put(item: T): void;
  /** Everything that has come; waits for the first, for `until` (epoch ms), or for `poke`, whichever is sooner. */
  take(until: number | null, now: () => number): Promise<T[]>;
  poke(): void;
}

/** The longest delay that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createInbox<T>(): Inbox<T> {
  let items: T[] = [];
  let poked = false;
  let wake = (): void => {};
  return {
    put(item) {
      items.push(item);
      wake();
    },
    poke() {
      poked = true;
      wake();
    },
    async take(until, now) {
      if (items.length === 0 && !poked) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer =
          until === null
            ? undefined
            : setTimeout(resolve, Math.min(MAX_TIMER_MS, Math.max(0, until - now())));
        await promise;
        clearTimeout(timer);
      }
      const taken = items;
      items = [];
      poked = false;
      return taken;
    },
  };
}
