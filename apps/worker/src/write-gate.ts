import { findStoreTrouble } from '@slipway/store';
import type { Logger } from 'pino';

/**
 * Whether Redis takes writes. While it refuses them (its memory is full, its disk is, it was made a replica) nothing but a small
 * write now and then is tried: BullMQ would take one job after the other and fail it, or ask again thousands of times a second.
 */
export interface WriteGate {
  readonly isOpen: boolean;
  /** Whether an error is about a Redis that is away or refuses writes, which is said elsewhere. A refusal closes the gate. */
  heed(error: unknown): boolean;
  /** Makes a write, and makes it again as soon as Redis takes it. Rejects with any other error, and with the abort's reason. */
  insist<T>(write: () => Promise<T>, signal: AbortSignal): Promise<T>;
  stop(): void;
}

export interface WriteGateDeps {
  /** A small write: rejects while Redis takes none. */
  probe: () => Promise<unknown>;
  onClosed: () => void;
  onOpened: () => void;
  logger: Logger;
}

const PROBE_MS = { first: 500, most: 15_000 };
/** A gate that closes again so soon after it was opened is opened more slowly. */
const CALM_MS = 30_000;

export function createWriteGate({ probe, onClosed, onOpened, logger }: WriteGateDeps): WriteGate {
  let closed: { since: number; opened: PromiseWithResolvers<void> } | null = null;
  let openedAt = -CALM_MS;
  let probeMs = PROBE_MS.first;
  let timer: NodeJS.Timeout | undefined;

  const close = (reason: string): void => {
    if (closed) return;
    const now = performance.now();
    probeMs = now - openedAt < CALM_MS ? Math.min(2 * probeMs, PROBE_MS.most) : PROBE_MS.first;
    closed = { since: now, opened: Promise.withResolvers() };
    logger.warn({ reason }, 'redis takes no writes; work waits until it does');
    onClosed();
    timer = setTimeout(look, probeMs);
  };

  const open = (): void => {
    if (!closed) return;
    openedAt = performance.now();
    logger.info({ closedMs: Math.round(openedAt - closed.since) }, 'redis takes writes again');
    const { opened } = closed;
    closed = null;
    opened.resolve();
    onOpened();
  };

  const look = (): void => {
    probe().then(open, () => {
      if (closed) timer = setTimeout(look, probeMs);
    });
  };

  const heed = (error: unknown): boolean => {
    const trouble = findStoreTrouble(error);
    if (trouble?.kind === 'refuses') close(trouble.reason);
    return trouble?.kind === 'refuses' || trouble?.kind === 'away';
  };

  return {
    get isOpen() {
      return closed === null;
    },
    heed,
    async insist(write, signal) {
      for (;;) {
        try {
          return await write();
        } catch (error) {
          if (findStoreTrouble(error)?.kind !== 'refuses') throw error;
          heed(error);
        }
        await untilOpen(closed?.opened.promise, signal);
      }
    },
    stop() {
      clearTimeout(timer);
      closed = null;
    },
  };
}

async function untilOpen(opened: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    await Promise.race([opened, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
