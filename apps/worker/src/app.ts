import type { World } from '@slipway/pipeline';
import {
  type ConnectionRole,
  POST_QUEUE,
  type PartitionKeys,
  type Wake,
  connectRedis,
  createAdmissions,
  createBarrier,
  createHeldPosts,
  createPaces,
  createSchedule,
  layOut,
} from '@slipway/store';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { startHandOff } from './hand-off.ts';
import { createHands } from './hands.ts';
import { createProcessor } from './process-wake.ts';
import { counted, startWatchdog } from './watchdog.ts';
import { createWriteGate } from './write-gate.ts';

/** After a wait has ended, how late its job may be before it is put back. */
const WAKE_GRACE_MS = 30_000;
/** An admitted post waits its turn in the queue; after this somebody makes sure that its job is still there. */
const ADMISSION_LEASE_MS = 30_000;

/** A stalled job is only found again by BullMQ; what happens to its post is decided by the post's own lease and fence. */
const STALL = { lockDuration: 20_000, stalledInterval: 5_000, maxStalledCount: 25 };

/** What BullMQ may take to close once nothing runs any more. With Redis away it may never end. */
const CLOSE_MS = 2_000;

export interface WorkerAppOptions {
  redisUrl: string;
  /** Hears of every connection that is made. */
  watch: (connection: Redis) => Redis;
  partitions: number;
  /** Replicas of Redis that must have an intent before X is called. */
  redisReplicas: number;
  name: string;
  concurrency: number;
  leaseMs: number;
  /** Posts of one account that are handed over or in hand at a time, in all workers. */
  accountShare: number;
  graceMs: number;
  /** With nothing in hand for so long while posts are due, this worker is stuck; 0: nobody looks. */
  watchdogMs: number;
  /** It will not take work any more, and is to be started anew. */
  onStuck: () => void;
  world: World;
  logger: Logger;
}

export interface WorkerApp {
  /** Posts in hand. */
  readonly inHand: number;
  /** Hands everything back at its checkpoint and closes what it opened. */
  stop(): Promise<void>;
}

/** A worker, put together: for each partition a queue, its consumer, and the loop that fills it. */
export async function startWorker(options: WorkerAppOptions): Promise<WorkerApp> {
  const { redisUrl, world, logger, name } = options;
  const layout = layOut(options.partitions);
  const stopping = new AbortController();
  const connect = (role: ConnectionRole, purpose: string): Redis =>
    options.watch(connectRedis(redisUrl, { role, name: `${name}-${purpose}` }));
  const redis = connect('worker', 'store');
  const listening = connect('blocking', 'due');
  const gate = createWriteGate({
    probe: () => Promise.all(layout.partitions.map(({ barrier }) => redis.set(barrier, ''))),
    onClosed: () => void Promise.all(consumers.map(({ worker }) => worker.pause(true))),
    onOpened: () => void Promise.all(consumers.map(({ worker }) => worker.resume())),
    logger,
  });
  const onTrouble = (error: unknown): void => {
    if (!gate.heed(error)) logger.error({ err: error }, 'trouble with Redis');
  };

  const heldPosts = createHeldPosts(redis, layout, world.clock.now, {
    holder: name,
    leaseMs: options.leaseMs,
    graceMs: WAKE_GRACE_MS,
    onDue: (partition) => consumers.find(({ keys }) => keys === partition)?.handOff.hurry(),
  });
  const hands = createHands(heldPosts, options.leaseMs, onTrouble);
  const processor = createProcessor({
    world,
    heldPosts,
    hands,
    gate,
    logger,
    durable: (postId) => isDurable(layout.forPost(postId)),
    stopping: stopping.signal,
    paces: createPaces(redis, layout, world.clock.now),
    schedule: createSchedule(redis, layout),
  });

  const barriers = new Map(
    layout.partitions.map((keys) => {
      const connection = connect('worker', 'barrier');
      const { durable } = createBarrier({
        redis: connection,
        key: keys.barrier,
        replicas: options.redisReplicas,
      });
      return [keys, { connection, durable }];
    }),
  );
  const isDurable = async (keys: PartitionKeys): Promise<boolean> => {
    const barrier = barriers.get(keys);
    if (!barrier) throw new Error('every partition has a barrier');
    return barrier.durable().catch((error: unknown) => {
      onTrouble(error);
      return false;
    });
  };

  const consumers = layout.partitions.map((keys) => {
    const queueConnection = connect('worker', 'queue');
    const workerConnection = connect('blocking', 'worker');
    const queue = new Queue<Wake>(POST_QUEUE, { connection: queueConnection, prefix: keys.tag });
    const jobs = counted(processor);
    const worker = new Worker<Wake>(POST_QUEUE, jobs.process, {
      connection: workerConnection,
      prefix: keys.tag,
      concurrency: options.concurrency,
      drainDelay: 5,
      ...STALL,
    });
    worker.on('error', onTrouble);
    queue.on('error', onTrouble);
    const admissions = createAdmissions(redis, keys, {
      leaseMs: ADMISSION_LEASE_MS,
      graceMs: WAKE_GRACE_MS,
      share: options.accountShare,
    });
    const handOff = startHandOff({ queue, admissions, gate, logger });
    return {
      keys,
      queue,
      worker,
      activity: jobs.activity,
      handOff,
      connections: [queueConnection, workerConnection],
    };
  });
  await listening.subscribe(...layout.partitions.map(({ due }) => due));
  listening.on('message', (channel) => consumers.find(({ keys }) => keys.due === channel)?.handOff.hurry());
  await Promise.all(consumers.map(({ worker }) => worker.waitUntilReady()));

  const watchdogs = (options.watchdogMs === 0 ? [] : consumers).map(({ keys, activity }) =>
    startWatchdog({
      redis: connect('worker', 'watchdog'),
      keys,
      activity,
      limitMs: options.watchdogMs,
      onStuck(what) {
        logger.fatal(what, 'posts are due and none is taken; this worker is to be started again');
        options.onStuck();
      },
    }),
  );

  return {
    get inHand() {
      return hands.size;
    },
    async stop() {
      const watchdogsEnded = watchdogs.map((watchdog) => watchdog.stop());
      const handOffsEnded = consumers.map(({ handOff }) => handOff.stop());
      // Closing first stops the fetching of jobs; only then are the running ones asked to end.
      const workersClosed = consumers.map(({ worker }) => worker.close());
      stopping.abort();
      const cutOff = setTimeout(() => hands.dropAll(), options.graceMs);
      const handedBack = Promise.all([...watchdogsEnded, ...handOffsEnded, ...workersClosed]);
      if (!(await endsWithin(handedBack, options.graceMs + CLOSE_MS)))
        logger.warn(
          'not everything could be handed back in time; what is left comes back when its lease ends',
        );
      clearTimeout(cutOff);
      hands.stop();
      gate.stop();
      await endsWithin(Promise.all(consumers.map(({ queue }) => queue.close())), CLOSE_MS);
      for (const connection of [
        redis,
        listening,
        ...Array.from(barriers.values(), (barrier) => barrier.connection),
        ...consumers.flatMap(({ connections }) => connections),
      ]) {
        connection.disconnect();
      }
    },
  };
}

/** False when it took longer; a failure is an end, too. */
async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const ended = work.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([ended, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
