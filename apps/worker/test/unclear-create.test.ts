import type { FaultEffect } from '@slipway/x-sim';
import { eventually, makeImage } from '@slipway/testkit';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type WorkerRig, createsOnX, postsOnX, startRig } from './worker-rig.ts';

let rig: WorkerRig;
beforeAll(async () => {
  rig = await startRig({ policy: { createTimeoutMs: 300 } });
  await rig.startWorker();
});
afterAll(() => rig.stop());

describe('a create whose outcome is not known', () => {
  const faults: { name: string; effect: FaultEffect; made: number }[] = [
    { name: 'the connection breaks after X has made the post', effect: { acceptThenDrop: true }, made: 1 },
    { name: 'X makes the post and says 503', effect: { acceptThenAnswer: 'service_unavailable' }, made: 1 },
    { name: 'X makes the post and says 500', effect: { acceptThenAnswer: 'internal_error' }, made: 1 },
    { name: 'X makes the post and names no id', effect: { acceptThenAnswer: 'no_id' }, made: 1 },
    { name: 'X makes the post and sends a page', effect: { acceptThenAnswer: 'html_ok' }, made: 1 },
    { name: 'X makes the post and does not answer in time', effect: { acceptThenHang: true }, made: 1 },
    { name: 'X does not answer in time', effect: { hang: true }, made: 0 },
    { name: 'X says 503 and does nothing', effect: { answer: 'service_unavailable' }, made: 0 },
    { name: 'X says 502 and does nothing', effect: { answer: 'bad_gateway' }, made: 0 },
    {
      name: 'the connection breaks when the request has begun',
      effect: { resetBeforeReading: true },
      made: 0,
    },
    { name: 'somebody before X says 403 without a word of X', effect: { answer: { status: 403 } }, made: 0 },
  ];
  test.for(faults)(
    '$name: the post ends unconfirmed, and is not tried again',
    async ({ name, effect, made }, { expect }) => {
      const before = createsOnX(rig);
      rig.sim.faults.script({ on: { operation: 'posts.create' }, do: effect });
      const id = await rig.accept(name);
      expect(await rig.ended(id)).toMatchObject({
        status: 'unconfirmed',
        failure: {
          code: 'unconfirmed',
          step: 'publish',
          hint: expect.stringContaining('Look at the account on X'),
        },
        published: null,
        publish: { attempts: 1 },
      });
      await eventually(async () => (await rig.jobOf(id)) === undefined);
      expect(await rig.redis.zscore('{slipway:0}:admitted', id)).toBeNull();
      expect(createsOnX(rig)).toBe(before + 1);
      expect(postsOnX(rig, name)).toHaveLength(made);
      rig.sim.faults.clear();
    },
  );

  test('media that were uploaded for it stay as they are', async ({ expect }) => {
    await rig.put('image', makeImage({ type: 'png', seed: 1 }));
    rig.sim.faults.script({ on: { operation: 'posts.create' }, do: { acceptThenDrop: true } });
    const id = await rig.accept('with an image', ['image']);
    expect(await rig.ended(id)).toMatchObject({ status: 'unconfirmed', media: [{ step: 'ready' }] });
    expect(postsOnX(rig, 'with an image')).toHaveLength(1);
    expect(rig.sim.ledger().uploads).toHaveLength(1);
  });
});
