import type { Outcome } from '@slipway/pipeline';
import { type LocalRedis, startRedis } from '@slipway/local';
import { type Wake, connectRedis } from '@slipway/store';
import { type Job, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { PRIORITY, settle } from '../src/settle.ts';

const QUEUE = 'settle';

let server: LocalRedis;
let connection: Redis;
let queue: Queue<Wake>;
/** Not started: tests take jobs from it one by one. */
let worker: Worker<Wake>;
beforeAll(async () => {
  server = await startRedis({ appendfsync: 'no' });
  connection = connectRedis(server.url, { role: 'worker', name: 'settle' });
  queue = new Queue(QUEUE, { connection });
  worker = new Worker(QUEUE, null, { connection, autorun: false });
});
afterAll(async () => {
  await worker.close();
  await queue.close();
  connection.disconnect();
  await server.stop();
});

/** A job in a worker's hand. */
async function active(priority: number): Promise<{ job: Job<Wake>; token: string }> {
  const token = `token-${Math.random()}`;
  await queue.add('look', { postId: 'post_x', wake: 1 }, { priority, removeOnComplete: true });
  const job = await worker.getNextJob(token);
  if (!job) throw new Error('the queue has no job');
  return { job, token };
}

const first = async (): Promise<number> => 0;

const again = async (job: Job<Wake>): Promise<Job<Wake>> => {
  const found = await queue.getJob(job.id ?? '');
  if (!found) throw new Error('the job is gone');
  return found;
};

describe('the outcome of a look becomes queue state', () => {
  test('done: the job is finished', async ({ expect }) => {
    const { job, token } = await active(PRIORITY.newWork);
    await settle({ kind: 'done', status: 'published' }, job, token, first);
    expect(await job.getState()).toBe('active'); // it is the return that finishes it
    await job.moveToCompleted(null, token, false);
    expect(await queue.getJob(job.id ?? '')).toBeUndefined();
  });

  test('wait: the job is put off until the instant, ahead of new work, and no attempt is used', async ({
    expect,
  }) => {
    const until = Date.now() + 3_600_000;
    const { job, token } = await active(PRIORITY.newWork);
    const outcome: Outcome = { kind: 'wait', waiting: { reason: 'processing', until, detail: null } };
    await expect(settle(outcome, job, token, first)).rejects.toThrow(
      expect.objectContaining({ name: 'DelayedError' }),
    );
    const delayed = await again(job);
    expect(await delayed.getState()).toBe('delayed');
    expect(delayed).toMatchObject({ priority: PRIORITY.continuation, attemptsMade: 0, attemptsStarted: 1 });
    const score = await connection.zscore(`bull:${QUEUE}:delayed`, job.id ?? '');
    expect(Math.floor(Number(score) / 0x1000)).toBe(until);
    await delayed.remove();
  });

  test('handed back: another worker may have the job at once', async ({ expect }) => {
    const { job, token } = await active(PRIORITY.newWork);
    await expect(settle({ kind: 'handed_back' }, job, token, first)).rejects.toThrow(
      expect.objectContaining({ name: 'DelayedError' }),
    );
    await queue.add('look', { postId: 'post_y', wake: 1 }, { priority: PRIORITY.newWork });
    const next = await worker.getNextJob('another');
    expect(next).toMatchObject({ id: job.id, attemptsMade: 0, stalledCounter: 0 });
    await next?.moveToCompleted(null, 'another', false);
    const last = await worker.getNextJob('another');
    await last?.moveToCompleted(null, 'another', false);
  });

  test('a continuation goes before new work that came earlier', async ({ expect }) => {
    const { job, token } = await active(PRIORITY.newWork);
    const waiting = await Promise.all(
      [1, 2, 3].map((wake) => queue.add('look', { postId: 'post_y', wake }, { priority: PRIORITY.newWork })),
    );
    const until = Date.now() + 3_600_000;
    await settle(
      { kind: 'wait', waiting: { reason: 'backoff', until, detail: null } },
      job,
      token,
      first,
    ).catch(() => {});
    await (await again(job)).promote();
    expect((await worker.getNextJob('another'))?.id).toBe(job.id);
    expect(await queue.getPrioritizedCount()).toBe(waiting.length);
  });

  test('posts that are due at one instant go by their places in their accounts, and all of them before new work', async ({
    expect,
  }) => {
    await queue.drain();
    const until = Date.now() + 3_600_000;
    const places = [0, 1, 2, 5_000, 0, 1];
    const ids: string[] = [];
    for (const place of places) {
      const { job, token } = await active(PRIORITY.newWork);
      ids.push(job.id ?? '');
      const outcome: Outcome = { kind: 'wait', waiting: { reason: 'schedule', until, detail: null } };
      await settle(outcome, job, token, async () => place).catch(() => {});
    }
    await queue.add('look', { postId: 'post_new', wake: 1 }, { priority: PRIORITY.newWork });
    for (const id of ids) await (await queue.getJob(id))?.promote();
    const order: (string | undefined)[] = [];
    for (const _ of [...places, 'new']) order.push((await worker.getNextJob('another'))?.id);
    expect(order.slice(0, 6)).toEqual([0, 4, 1, 5, 2, 3].map((index) => ids[index]));
    expect(order[6]).toBeDefined();
  });

  test('a job that is no longer its worker’s is left alone', async ({ expect }) => {
    await queue.drain();
    const { job } = await active(PRIORITY.newWork);
    const until = Date.now();
    await expect(
      settle(
        { kind: 'wait', waiting: { reason: 'backoff', until, detail: null } },
        job,
        'not the token',
        first,
      ),
    ).rejects.toThrow(/lock/i);
    expect(await job.getState()).toBe('active');
  });
});
