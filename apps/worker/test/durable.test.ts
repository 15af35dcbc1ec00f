import { startRedis } from '@slipway/local';
import { afterAll, beforeAll, test } from 'vitest';
import { type WorkerRig, createsOnX, postsOnX, startRig } from './worker-rig.ts';

let rig: WorkerRig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

test('X is not called before a replica has the intent, and no attempt is counted for that', async ({
  expect,
}) => {
  await rig.startWorker({ redisReplicas: 1 });
  const id = await rig.accept('durable');
  const { data } = await rig.event(id, ({ type }) => type === 'post.retrying');
  expect(JSON.stringify(data)).toMatch(/replicas/);
  const { publish } = await rig.stateOf(id);
  expect(publish.attempts).toBeLessThanOrEqual(1); // one that is being made is counted until it is called off
  expect(createsOnX(rig)).toBe(0);

  const replica = await startRedis({ replicaOf: rig.redisServer });
  expect(await rig.ended(id)).toMatchObject({ status: 'published', publish: { attempts: 1 } });
  expect(postsOnX(rig, 'durable')).toHaveLength(1);
  await replica.stop();
});
