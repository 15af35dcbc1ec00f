import { test } from 'vitest';
import { startSimProcess } from '../src/index.ts';
import { isRunning } from './is-running.ts';

test('startSimProcess gives the admin powers of a simulator in a process of its own', async ({ expect }) => {
  const sim = await startSimProcess({ config: { timelineLagMs: 0 } });
  try {
    const user = await sim.addUser({ username: 'demo', accessToken: 'fixed-token' });
    expect(user).toMatchObject({ username: 'demo', accessToken: 'fixed-token' });
    await sim.script({ on: { operation: 'users.me' }, times: 1, do: { answer: 'service_unavailable' } });

    const readMe = () => fetch(`${sim.url}/2/users/me`, { headers: { authorization: 'Bearer fixed-token' } });
    expect((await readMe()).status).toBe(503);
    expect(await (await readMe()).json()).toMatchObject({ data: { id: user.id } });
    expect((await sim.ledger()).requests['users.me']).toEqual({ 200: 1, 503: 1 });
    expect((await sim.ledger(user.id)).posts).toEqual([]);

    await sim.script({ on: { operation: '*' }, times: 'always', do: { answer: 'unauthorized' } });
    expect((await readMe()).status).toBe(401);
    expect((await sim.faults()).map(({ fired }) => fired)).toEqual([1, 1]);
    const id = await sim.script({ on: { operation: 'users.me' }, do: { hang: true } });
    expect(await sim.removeFault(id)).toMatchObject({ id, fired: 0 });
    expect(await sim.faults()).toHaveLength(2);
    await sim.clearFaults();
    expect((await readMe()).status).toBe(200);

    await sim.configure({ creditsUsd: 0 });
    expect(await sim.config()).toMatchObject({ creditsUsd: 0, timelineLagMs: 0 });
    expect((await readMe()).status).toBe(402);
  } finally {
    await sim.stop();
  }
  expect(isRunning(sim.process.pid)).toBe(false);
});

test('startSimProcess stops a simulator whose configuration is refused', async ({ expect }) => {
  // @ts-expect-error: what a typo in a configuration looks like
  await expect(startSimProcess({ config: { timelineLag: 0 } })).rejects.toThrow(/_sim\/config: 400/);
});
