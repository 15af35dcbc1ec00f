import { type Admissions, type Admitted, type SweepCursor, type Wake, jobIdOf } from '@slipway/store';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { PRIORITY } from './settle.ts';
import type { WriteGate } from './write-gate.ts';

/** BullMQ holds minutes of work, not weeks: above this many waiting jobs nothing is admitted. */
const WAITING_LIMIT = 1_000;
const BATCH = 200;
const ADMIT_EVERY_MS = 500;
const RECONCILE_EVERY_MS = 1_000;
/** Of the posts whose wait ends soon, and of all that are not over, so many are looked through in each round. */
const LOOK_AHEAD = 100;
const SWEEP = 200;

/** Gives due posts their jobs, and puts lost jobs back. Every worker does it; the scripts give each post to one. */
export interface HandOff {
  /** Something is due now: do not wait for the next round. */
  hurry(): void;
  stop(): Promise<void>;
}

export interface HandOffDeps {
  queue: Queue<Wake>;
  admissions: Admissions;
  gate: Pick<WriteGate, 'isOpen' | 'heed'>;
  logger: Logger;
}

export function startHandOff({ queue, admissions, gate, logger }: HandOffDeps): HandOff {
  const stopping = new AbortController();
  /** How many more jobs may wait, as counted a moment ago: every post that is over brings a round, which need not count anew. */
  let room = { jobs: 0, countedAt: -ADMIT_EVERY_MS };
  let ahead = 0;
  let sweepFrom: SweepCursor | null = null;

  // They begin at once: whatever they use stands above.
  const admitting = repeat(ADMIT_EVERY_MS, admitDue);
  const reconciling = repeat(RECONCILE_EVERY_MS, reconcile);

  async function admitDue(): Promise<boolean> {
    if (room.jobs <= 0 || performance.now() - room.countedAt >= ADMIT_EVERY_MS) {
      const { prioritized = 0 } = await queue.getJobCounts('prioritized');
      room = { jobs: WAITING_LIMIT - prioritized, countedAt: performance.now() };
    }
    const limit = Math.min(BATCH, room.jobs);
    if (limit <= 0) return false;
    const wakes = await admissions.admit(limit);
    room.jobs -= wakes.length;
    await addJobs(wakes, PRIORITY.newWork);
    return wakes.length === limit;
  }

  async function reconcile(): Promise<boolean> {
    const overdue = await admissions.overdue(BATCH);
    // A job that still waits will be worked on; one that runs has lost its worker; any other is gone.
    await putBack(overdue, ['prioritized', 'waiting', 'delayed'], 'its job or its worker was gone');

    const upcoming = await admissions.upcoming(ahead, LOOK_AHEAD);
    ahead = upcoming.length === LOOK_AHEAD ? ahead + LOOK_AHEAD : 0;
    const lost = await putBack(
      upcoming,
      ['prioritized', 'waiting', 'delayed', 'active'],
      'its job was gone before its time',
      { onlyLost: true },
    );

    const { found, cursor } = await admissions.sweep(sweepFrom, SWEEP);
    sweepFrom = cursor;
    for (const postId of found) logger.warn({ postId }, 'post found that nobody had to look at');
    return overdue.length === BATCH || lost === LOOK_AHEAD || found.length > 0;
  }

  /** Replaces the jobs of posts that are in no state of health; the others get a new lease, unless only the lost ones are meant. */
  async function putBack(
    posts: Admitted[],
    healthy: readonly string[],
    why: string,
    { onlyLost = false } = {},
  ): Promise<number> {
    if (posts.length === 0) return 0;
    const states = await Promise.all(posts.map((post) => queue.getJobState(jobIdOf(post))));
    const judged = posts.map((post, index) => ({
      ...post,
      replace: !healthy.includes(states[index] ?? 'unknown'),
    }));
    const meant = onlyLost ? judged.filter(({ replace }) => replace) : judged;
    const wakes = meant.length > 0 ? await admissions.readmit(meant) : [];
    for (const wake of wakes) logger.warn(wake, `post put back: ${why}`);
    await addJobs(wakes, PRIORITY.continuation);
    return wakes.length;
  }

  async function addJobs(wakes: Wake[], priority: number): Promise<void> {
    if (wakes.length === 0) return;
    await queue.addBulk(
      wakes.map((wake) => ({
        name: 'look',
        data: wake,
        opts: {
          jobId: jobIdOf(wake),
          priority,
          // The pipeline retries; a job that throws is a defect, and its post comes back when its lease ends.
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: { count: 1_000 },
        },
      })),
    );
  }

  /** Runs `round` now and then, at once again while it says that there is more, and whenever it is hurried. */
  function repeat(
    everyMs: number,
    round: () => Promise<boolean>,
  ): { hurry: () => void; ended: Promise<void> } {
    let wake = (): void => {};
    const loop = async (): Promise<void> => {
      while (!stopping.signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const more = gate.isOpen && (await round().catch(failed));
        if (more) continue;
        const timer = setTimeout(resolve, everyMs);
        await promise;
        clearTimeout(timer);
      }
    };
    const failed = (error: unknown): false => {
      if (!gate.heed(error))
        logger.error({ err: error }, 'handing posts to the queue failed; it is tried again');
      return false;
    };
    const hurry = (): void => wake();
    stopping.signal.addEventListener('abort', hurry);
    return { hurry, ended: loop() };
  }

  return {
    hurry: () => admitting.hurry(),
    async stop() {
      stopping.abort();
      await Promise.all([admitting.ended, reconciling.ended]);
    },
  };
}
