import { setTimeout as wait } from 'node:timers/promises';
import { eventually } from '@slipway/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest';
import { type TestWorker, type WorkerRig, startRig } from './worker-rig.ts';

const LIMIT_MS = 600;
/** With six in a limit, enough for a suspicion, if there is one, to come to its end. */
const SIGHTS = 10;

let rig: WorkerRig;
let stuck = 0;
const workers: TestWorker[] = [];
beforeAll(async () => {
  rig = await startRig();
});
beforeEach(() => {
  stuck = 0;
});
afterEach(async () => {
  rig.sim.faults.clear();
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(() => rig.stop());

async function startWatched(options: Parameters<WorkerRig['startWorker']>[0] = {}): Promise<TestWorker> {
  const worker = await rig.startWorker({
    watchdogMs: LIMIT_MS,
    onStuck: () => (stuck += 1),
    ...options,
  });
  workers.push(worker);
  return worker;
}

/** Redis refuses the command by which BullMQ takes a job, and nothing else. */
const breakConsumers = () => rig.redis.acl('SETUSER', 'default', '-rpoplpush');
const mendConsumers = () => rig.redis.acl('SETUSER', 'default', '+rpoplpush');

/** Waits for as many looks of a watchdog as a limit has; nobody else asks Redis for the time. */
async function limitPassed(): Promise<void> {
  const looks = async () =>
    Number(/cmdstat_time:calls=(\d+)/.exec(await rig.redis.info('commandstats'))?.[1] ?? 0);
  const before = await looks();
  await eventually(async () => (await looks()) >= before + SIGHTS, { describe: 'looks of the watchdog' });
}

describe('the watchdog', () => {
  test('gives up a worker that takes none of the work that is due, once; another one takes it', async ({
    expect,
  }) => {
    const worker = await startWatched();
    expect((await rig.ended(await rig.accept('as long as it can'))).status).toBe('published');
    await breakConsumers();
    const id = await rig.accept('nobody takes it');
    await eventually(() => stuck > 0);
    const fatal = worker.log.filter(({ level }) => level === 60);
    expect(fatal).toMatchObject([{ due: 1, msg: expect.stringContaining('posts are due') }]);
    expect(fatal[0]?.['idleMs']).toBeGreaterThanOrEqual(LIMIT_MS);
    await worker.stop();
    await mendConsumers();
    await startWatched();
    expect((await rig.ended(id)).status).toBe('published');
    await limitPassed();
    expect(stuck).toBe(1);
  });

  test('lets a worker be whose hands are full, though posts wait', async ({ expect }) => {
    await startWatched({ concurrency: 1 });
    rig.sim.faults.script({ on: { operation: 'posts.create' }, times: 1, do: { delayMs: 3 * LIMIT_MS } });
    const ids = [await rig.accept('slow'), await rig.accept('waits'), await rig.accept('waits too')];
    for (const id of ids) expect((await rig.ended(id)).status).toBe('published');
    expect(stuck).toBe(0);
  });

  test('lets a worker be whose queue an operator has paused', async ({ expect }) => {
    await startWatched();
    await rig.queue.pause();
    const id = await rig.accept('paused');
    await limitPassed();
    expect(stuck).toBe(0);
    await rig.queue.resume();
    expect((await rig.ended(id)).status).toBe('published');
  });

  test('lets a worker be while Redis takes no writes', async ({ expect }) => {
    await startWatched();
    await breakConsumers();
    const id = await rig.accept('full');
    await eventually(() => rig.jobOf(id), { describe: 'the job' });
    await rig.redis.config('SET', 'maxmemory', '1');
    const refused = async () =>
      Number(/cmdstat_set:.*rejected_calls=(\d+)/.exec(await rig.redis.info('commandstats'))?.[1] ?? 0);
    const before = await refused();
    await eventually(async () => (await refused()) >= before + SIGHTS, { describe: 'refused writes' });
    expect(stuck).toBe(0);
    await rig.redis.config('SET', 'maxmemory', '0');
    await mendConsumers();
    expect((await rig.ended(id)).status).toBe('published');
  });

  test('lets a worker be while Redis is away, and goes on when it is back', async ({ expect }) => {
    await startWatched();
    await breakConsumers();
    await rig.accept('left lying');
    await rig.redisServer.kill('SIGKILL');
    await wait(2 * LIMIT_MS); // the outage; nobody can be asked how many looks were in vain
    expect(stuck).toBe(0);
    await rig.redisServer.restart();
    await breakConsumers();
    await rig.accept('nobody takes it');
    await eventually(() => stuck > 0);
    await mendConsumers();
  });
});
