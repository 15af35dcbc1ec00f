import { eventually, makeVideo, movableClock, seededRandom } from '@slipway/testkit';
import type { FaultEffect } from '@slipway/x-sim';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { type TestWorker, type WorkerRig, createsOnX, passWaits, postsOnX, startRig } from './worker-rig.ts';

// What an upload may use up over a link that is bad, or dead. X and the pipeline run on one clock that moves only when told to;
// it is a day ahead of Redis, whose own clock therefore never ends a wait.

const CHUNK_BYTES = 64 * 1024;
const SEGMENTS = 60;
const RETRIES = 2;
const RESTARTS = 2;
const MINUTE_MS = 60_000;
const OUTAGE_LIMIT_MS = 10 * MINUTE_MS;

const clock = movableClock(Date.now() + 24 * 60 * MINUTE_MS);
const random = seededRandom(Number(process.env['SEED'] ?? Date.now() % 2 ** 31));
const video = makeVideo({ bytes: SEGMENTS * CHUNK_BYTES - 1, seed: random.seed });
let rig: WorkerRig;
let worker: TestWorker;

beforeAll(async () => {
  rig = await startRig({
    clock,
    sim: { now: () => clock.now(), config: { processingMs: { tweet_video: 0 } } },
    policy: { chunkBytes: CHUNK_BYTES, segmentsInFlight: 3, retryLimit: RETRIES, restartLimit: RESTARTS },
  });
  await rig.put('video', video);
});
afterEach(async () => {
  rig.sim.faults.clear();
  await worker.stop();
});
afterAll(() => rig.stop());

/** A worker that tries again after `backoffBaseMs` and more, and sits an outage out for `outageLimitMs`. */
async function startWorker(outageLimitMs: number): Promise<void> {
  const policy = { ...rig.world.policy, outageLimitMs, backoffBaseMs: 1_000, backoffCapMs: MINUTE_MS };
  worker = await rig.startWorker({ world: { ...rig.world, policy } });
}

const appendsOnX = (): number =>
  Object.values(rig.sim.ledger().requests['media.append'] ?? {}).reduce((sum, count) => sum + count, 0);

describe(`a link over which a third of all appends fail (SEED=${random.seed})`, () => {
  const WAYS: (() => FaultEffect)[] = [
    () => ({ answer: 'service_unavailable' }),
    () => ({ answer: 'gateway_timeout' }),
    () => ({ answer: 'internal_error_strings' }),
    () => ({ resetBeforeReading: true }),
    () => ({ resetAfterBytes: random.integer(0, CHUNK_BYTES) }),
    () => ({ acceptThenDrop: true }),
  ];

  test('does not use up what an upload may fail: progress gives it back', async ({
    expect,
    onTestFailed,
  }) => {
    onTestFailed(() => console.log(`run again with SEED=${random.seed}`));
    const failures: FaultEffect[] = [];
    for (let segmentIndex = 0; segmentIndex < SEGMENTS; segmentIndex++) {
      // Never so often that one segment alone uses its retries up, which the last one would with nothing left to make progress.
      for (let tries = 0; tries < RETRIES && random.fraction() < 1 / 3; tries++) {
        const effect = WAYS[random.integer(0, WAYS.length - 1)]?.() ?? { answer: 'service_unavailable' };
        rig.sim.faults.script({ on: { operation: 'media.append', segmentIndex }, do: effect });
        failures.push(effect);
      }
    }
    // An outage is over at once: only the retries count.
    await startWorker(0);
    const id = await rig.accept('bad link', ['video']);
    const waits = await passWaits(rig, clock, id);

    const state = await rig.ended(id);
    expect(state).toMatchObject({
      status: 'published',
      publish: { attempts: 1 },
      media: [{ restarts: {}, strikes: {}, trouble: null, warnings: [] }],
    });
    expect(failures.length).toBeGreaterThan(3 * RETRIES);
    expect(rig.sim.faults.list().filter(({ fired }) => fired !== 1)).toEqual([]);
    expect(appendsOnX()).toBe(SEGMENTS + failures.length);
    expect(waits.filter(({ reason }) => reason === 'backoff').length).toBeGreaterThan(RETRIES);
    const { uploads } = rig.sim.ledger();
    expect(uploads).toHaveLength(1);
    const twice = failures.filter((effect) => 'acceptThenDrop' in effect).length;
    expect(uploads[0]?.sha256).toBe(await video.sha256());
    expect(uploads[0]?.bytesRepeated).toBeGreaterThanOrEqual((twice - 1) * CHUNK_BYTES);
    expect(uploads[0]?.bytesRepeated).toBeLessThanOrEqual(twice * CHUNK_BYTES);
    expect(postsOnX(rig, 'bad link')).toHaveLength(1);
  });
});

describe('a link that dies after half of an upload', () => {
  const half = { operation: 'media.append' } as const;

  test('and comes back: the same upload goes on, and sends nothing twice', async ({ expect }) => {
    const before = rig.sim.ledger().uploads.length;
    rig.sim.faults.script({
      on: half,
      skip: SEGMENTS / 2,
      times: 'always',
      do: { resetBeforeReading: true },
    });
    await startWorker(OUTAGE_LIMIT_MS);
    const id = await rig.accept('comes back', ['video']);
    const began = clock.now();
    const waits = await passWaits(
      rig,
      clock,
      id,
      () => clock.now() - began > OUTAGE_LIMIT_MS - 2 * MINUTE_MS,
    );
    // Its owner sees that it is more than bad luck.
    expect([...new Set(waits.map(({ reason }) => reason))]).toEqual(['backoff', 'x_incident']);
    expect(await rig.stateOf(id)).toMatchObject({ status: 'staging', media: [{ restarts: {} }] });
    rig.sim.faults.clear();
    await passWaits(rig, clock, id);
    expect(await rig.ended(id)).toMatchObject({ status: 'published', publish: { attempts: 1 } });
    const uploads = rig.sim.ledger().uploads.slice(before);
    expect(uploads).toHaveLength(1);
    expect(uploads[0]).toMatchObject({ sha256: await video.sha256(), bytesRepeated: 0 });
  });

  test('and stays dead: the post fails with what X said last, and was not created', async ({ expect }) => {
    const before = { uploads: rig.sim.ledger().uploads.length, creates: createsOnX(rig), at: clock.now() };
    rig.sim.faults.script({
      on: half,
      skip: SEGMENTS / 2,
      times: 'always',
      do: { answer: 'service_unavailable' },
    });
    await startWorker(OUTAGE_LIMIT_MS);
    const id = await rig.accept('stays dead', ['video']);
    const waits = await passWaits(rig, clock, id);
    const state = await rig.ended(id);
    expect(state).toMatchObject({
      status: 'failed',
      waiting: null,
      failure: {
        code: 'x_unavailable',
        message: 'Service Unavailable',
        step: 'append',
        field: 'media[0]',
        retryable: true,
      },
      publish: { attempts: 0, intent: null },
      media: [{ restarts: { unavailable: RESTARTS } }],
    });
    expect([...new Set(waits.map(({ reason }) => reason))]).toEqual(['backoff', 'x_incident']);
    expect(waits.every(({ detail }) => detail === 'Service Unavailable')).toBe(true);
    expect(clock.now() - before.at).toBeGreaterThanOrEqual((1 + RESTARTS) * OUTAGE_LIMIT_MS);
    expect(rig.sim.ledger().uploads).toHaveLength(before.uploads + 1 + RESTARTS);
    expect(createsOnX(rig)).toBe(before.creates);
    await eventually(async () => (await rig.jobOf(id)) === undefined);
  });
});
