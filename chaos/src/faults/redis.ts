import { Redis } from 'ioredis';
import { setTimeout as wait } from 'node:timers/promises';
import type { RedisFault } from '../plan/vocabulary.ts';
import type { Ended, Injected, Stage } from './stage.ts';

export async function disturbRedis({ redis }: Stage, fault: RedisFault): Promise<Injected> {
  const { master } = redis;
  const hit = { target: 'redis', worker: null };
  switch (fault.kind) {
    case 'redis.restart':
      await master.restart();
      return { ...hit, end: async () => ({}) };
    case 'redis.kill':
      await master.kill('SIGKILL');
      return { ...hit, end: () => restart(master) };
    case 'redis.pause':
      await master.kill('SIGSTOP');
      return {
        ...hit,
        async end() {
          await master.kill('SIGCONT');
          return {};
        },
      };
    case 'redis.lose_queue':
      await loseQueue(master.url);
      return { ...hit, end: async () => ({}) };
    case 'redis.cut_tail': {
      // What is written from now on is acknowledged, and lost.
      const mark = master.aofMark();
      await wait(fault.loseMs);
      await master.kill('SIGKILL');
      master.cutAofTail(mark);
      return { ...hit, end: () => restart(master) };
    }
    case 'redis.failover': {
      // The replica hears of nothing that is written from now on, and takes over.
      await redis.replica?.lag();
      await wait(fault.loseMs);
      await master.kill('SIGKILL');
      await redis.failOver();
      return { ...hit, end: async () => ({}) };
    }
  }
}

async function restart(server: { restart(): Promise<void> }): Promise<Ended> {
  await server.restart();
  return {};
}

/** Deletes all that BullMQ has, and nothing of ours: docs/architecture.md names the keys. */
async function loseQueue(url: string): Promise<void> {
  const client = new Redis(url);
  try {
    const keys = await client.keys('{slipway:*}:posts:*');
    const ours = /:posts:(account|status):/;
    const jobs = keys.filter((key) => !ours.test(key));
    if (jobs.length > 0) await client.del(...jobs);
  } finally {
    client.disconnect();
  }
}
