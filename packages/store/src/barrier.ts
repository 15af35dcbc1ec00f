import type { Redis } from 'ioredis';
import { readServerFacts } from './server-facts.ts';

/** Makes sure that what was written cannot be lost any more, before something is done that cannot be undone. */
export interface Barrier {
  /**
   * Resolves once everything that this process had written before the call, over any connection, is as durable as the installation
   * is set up to make it: received by so many replicas, and on disk where the server can say so. False when that was not
   * acknowledged in time, or the connection was lost meanwhile: nothing is known then. Rejects when Redis refuses the question.
   */
  durable: () => Promise<boolean>;
}

export interface BarrierOptions {
  /** A connection of the barrier's own: it is blocked while the barrier waits. */
  redis: Redis;
  /** A key of the barrier's own, in the partition that it is for. */
  key: string;
  /** Replicas that must have received a write; 0 where there are none. */
  replicas: number;
  /** How long replicas, and how long the disk, may take. With `everysec` a second passes between two writes to disk. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 3_000;
/** What the answer may take on its way before the connection is taken for dead. */
const TRAVEL_MS = 1_000;

/**
 * WAIT and WAITAOF speak of the writes of their own connection: so the barrier writes something itself, which stands behind all
 * that was acknowledged before, and waits for that. Callers that come while one wait is under way share the next one.
 */
export function createBarrier({ redis, key, replicas, timeoutMs = TIMEOUT_MS }: BarrierOptions): Barrier {
  /** Of the connection: what was asked over one and answered over the next says nothing. */
  let generation = 0;
  let askDisk: Promise<boolean> | null = null;
  redis.on('close', () => {
    generation += 1;
    askDisk = null;
  });

  /** Of all barriers that were begun, and of the one that is not begun yet. */
  let settled: Promise<unknown> = Promise.resolve();
  let next: Promise<boolean> | null = null;

  async function wait(): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    const timer = setTimeout(() => late.resolve(false), 2 * timeoutMs + TRAVEL_MS);
    try {
      return await Promise.race([acknowledged(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function acknowledged(): Promise<boolean> {
    const before = generation;
    askDisk ??= diskCanTell(redis);
    const askingDisk = askDisk;
    const disk = await askingDisk.catch((error: unknown) => {
      if (askDisk === askingDisk) askDisk = null;
      throw error;
    });
    if (replicas === 0 && !disk) return true;
    const [, received, synced] = await Promise.all([
      redis.set(key, ''),
      replicas > 0 ? redis.wait(replicas, timeoutMs) : 0,
      // Of the disks of replicas nothing is asked: they may have no AOF, and what they received is not lost with the master.
      disk ? redis.call('WAITAOF', 1, 0, timeoutMs) : null,
    ]);
    const onDisk = !disk || (Array.isArray(synced) && Number(synced[0]) >= 1);
    return received >= replicas && onDisk && generation === before;
  }

  return {
    durable() {
      if (next) return next;
      next = settled.then(() => {
        // Its write follows: whoever comes from here on may have written later than that.
        next = null;
        return wait();
      });
      settled = next.catch(() => undefined);
      return next;
    },
  };
}

/**
 * Whether to wait for the disk: only where Redis writes to it now and then. With `always` an acknowledged write is there, with
 * `no` nobody knows when it will be; and only Redis 7.2, Valkey 8 and newer can say.
 */
async function diskCanTell(redis: Redis): Promise<boolean> {
  const { appendOnly, appendFsync } = await readServerFacts(redis);
  if (appendOnly !== true || appendFsync !== 'everysec') return false;
  try {
    await redis.call('WAITAOF', 0, 0, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return false;
    throw error;
  }
}
