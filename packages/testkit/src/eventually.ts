import { setTimeout as wait } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 10,000 ms. */
  timeoutMs?: number;
  /** What is waited for, for the message. */
  describe?: string;
}

type Held<T> = Exclude<T, undefined | null | false>;

const pollMs = 10;

/**
 * Calls `check` until it returns something other than false, undefined or null, and returns that. A check that throws has
 * not held yet. Rejects with the last value or error when time is up. For conditions that no event announces.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, describe = 'the condition' }: EventuallyOptions = {},
): Promise<Held<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: string;
    let cause: unknown;
    try {
      const value = await check();
      if (isHeld(value)) return value;
      last = `last value: ${String(value)}`;
    } catch (error) {
      cause = error;
      last = `last error: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= deadline) {
      throw new Error(`${describe} did not hold within ${timeoutMs} ms; ${last}`, { cause });
    }
    await wait(pollMs);
  }
}

function isHeld<T>(value: T): value is Held<T> {
  return value !== undefined && value !== null && value !== false;
}
