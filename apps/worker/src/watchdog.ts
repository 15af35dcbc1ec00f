import { POST_QUEUE, type PartitionKeys, countLatePosts } from '@slipway/store';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { type Suspicion, suspect } from './stuck.ts';

/** What a consumer has done and does. */
export interface Activity {
  taken: number;
  running: number;
}

/** Counts the jobs that pass through a processor. */
export function counted<Args extends unknown[]>(
  process: (...args: Args) => Promise<void>,
): { activity: Readonly<Activity>; process: (...args: Args) => Promise<void> } {
  const activity = { taken: 0, running: 0 };
  return {
    activity,
    async process(...args) {
      activity.taken += 1;
      activity.running += 1;
      try {
        await process(...args);
      } finally {
        activity.running -= 1;
      }
    },
  };
}

export interface WatchdogOptions {
  /**
   * Of the watchdog's own, as it may be a connection of the consumer that is stuck; and patient, as BullMQ does not get over a
   * failed first question. It is disconnected at the end.
   */
  redis: Redis;
  keys: PartitionKeys;
  activity: Readonly<Activity>;
  /** How long a consumer may leave due work lying. */
  limitMs: number;
  /** Called once; then nobody looks any more. */
  onStuck: (what: { due: number; idleMs: number }) => void;
}

/** Looked at so often while the limit runs. */
const SIGHTS = 6;

/**
 * Notices a consumer that takes no work although there is some: a defect that a new process does not have. While Redis does not
 * answer, takes no writes, or is told to hold the queue back, nobody can work, and nobody is blamed.
 */
export function startWatchdog(options: WatchdogOptions): { stop(): Promise<void> } {
  const { redis, keys, activity, limitMs } = options;
  const everyMs = limitMs / SIGHTS;
  const queue = new Queue(POST_QUEUE, { connection: redis, prefix: keys.tag });
  queue.on('error', () => undefined); // the connection tells it as well
  let suspicion: Suspicion | null = null;
  let stopped = false;
  let timer = setTimeout(() => void look(), everyMs);

  async function look(): Promise<void> {
    const at = performance.now();
    // Who is at work need not ask.
    const due = activity.running > 0 ? 0 : await countDue().catch(() => 0);
    if (stopped) return;
    suspicion = suspect(suspicion, { at, due, ...activity }, 2 * everyMs);
    const idleMs = suspicion === null ? 0 : at - suspicion.since;
    if (idleMs >= limitMs) options.onStuck({ due, idleMs: Math.round(idleMs) });
    else timer = setTimeout(() => void look(), everyMs);
  }

  async function countDue(): Promise<number> {
    await redis.set(keys.barrier, '');
    const [paused, maxed, limitedMs, ready, delayed, late] = await Promise.all([
      queue.isPaused(),
      queue.isMaxed(),
      queue.getRateLimitTtl(),
      queue.getJobCountByTypes('prioritized', 'waiting'),
      // By our own clock: it is by this clock that BullMQ gives them to us.
      queue.getDelayedCount(Math.floor(Date.now() - everyMs)),
      countLatePosts(redis, keys, everyMs),
    ]);
    return paused || maxed || limitedMs > 0 ? 0 : ready + delayed + late;
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await queue.close();
      redis.disconnect();
    },
  };
}
