import { describe, test } from 'vitest';
import { startSim } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import { makeMp4 } from './media.ts';
import { createXClient } from './x-client.ts';

describe('over HTTP', () => {
  test('users, faults, config, clock and ledger are as in code', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { sim } = checked;
    const admin = createXClient(sim, undefined);
    const call = async (method: string, path: string, json?: unknown) =>
      admin.request(method, `/_sim/${path}`, json === undefined ? {} : { json });

    expect((await call('GET', 'health')).json).toMatchObject({ ok: true });
    const app = (await call('POST', 'apps', { clientSecret: null })).json;
    const user = (await call('POST', 'users', { username: 'ada', accessToken: 'fixed', appId: app.id })).json;
    expect(user).toMatchObject({ username: 'ada', accessToken: 'fixed', appId: app.id });
    expect(user.oauth1.consumerKey).toBe(app.consumerKey);

    const x = createXClient(sim, { accessToken: 'fixed' });
    const { id } = (
      await call('POST', 'faults', { on: { operation: 'posts.create' }, do: { answer: 'html' } })
    ).json;
    expect((await x.post({ text: 'a' })).status).toBe(503);
    expect((await call('GET', 'faults')).json).toMatchObject([{ id, fired: 1 }]);
    await call('POST', 'faults', { on: { operation: 'users.me' }, do: { answer: 'html' } });
    expect((await call('DELETE', `faults?id=${id}`)).json).toMatchObject({ id, fired: 1 });
    expect((await call('DELETE', `faults?id=${id}`)).status).toBe(400);
    expect((await call('GET', 'faults')).json).toMatchObject([{ on: { operation: 'users.me' } }]);
    await call('DELETE', 'faults');
    expect((await call('GET', 'faults')).json).toEqual([]);

    const patched = await call('PATCH', 'config', { limits: { mode: 'off' }, timelineLagMs: 5 });
    expect(patched.json).toMatchObject({ limits: { mode: 'off', body: 'problem' }, timelineLagMs: 5 });
    expect((await call('GET', 'config')).json).toEqual(patched.json);
    expect((await call('PATCH', 'config', { unknown: 1 })).status).toBe(400);

    await call('POST', 'clock', { frozen: true });
    const before = sim.clock.now();
    expect((await call('POST', 'clock', { advanceMs: 1000 })).json).toEqual({ now: before + 1000 });
    expect((await call('POST', 'clock', { advanceMs: -1 })).status).toBe(400);

    await x.post({ text: 'mine' });
    await checked.x.post({ text: 'another’s' });
    expect((await call('GET', `ledger?userId=${user.id}`)).json.posts).toMatchObject([{ text: 'mine' }]);
    expect((await call('GET', 'ledger')).json.posts).toHaveLength(2);
    expect((await call('GET', 'nothing')).status).toBe(404);
    expect((await admin.request('POST', '/_sim/users', { body: 'no json' })).status).toBe(400);
  });

  test('reset goes back to the start', async ({ expect }) => {
    await using checked = await startCheckedSim({ config: { timelineLagMs: 7 } });
    const { x, sim } = checked;
    await x.post({ text: 'a' });
    sim.configure({ timelineLagMs: 9 });
    sim.clock.advance(1e9);
    sim.faults.script({ on: { operation: '*' }, do: { hang: true } });
    await createXClient(sim, undefined).request('POST', '/_sim/reset');
    expect(sim.ledger()).toEqual({ uploads: [], posts: [], requests: {}, spentUsd: 0 });
    expect(sim.config().timelineLagMs).toBe(7);
    expect(sim.faults.list()).toEqual([]);
    expect(sim.clock.now()).toBeLessThan(Date.now() + 1000);
    expect((await x.post({ text: 'a' })).status).toBe(401);
  });
});

describe('in code', () => {
  test('waitFor answers on the change that it waits for, and says what there was when it never comes', async ({
    expect,
  }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const found = sim.waitFor(({ posts }) => posts.find(({ text }) => text === 'b')?.id);
    await x.post({ text: 'a' });
    const { data } = (await x.post({ text: 'b' })).json;
    expect(await found).toBe(data.id);
    await expect(sim.waitFor(() => undefined, { timeoutMs: 1 })).rejects.toThrow('"text":"b"');
    await expect(
      sim.waitFor(() => {
        throw new Error('a mistake in the predicate');
      }),
    ).rejects.toThrow('a mistake');
  });

  test('waitFor also sees what comes with time alone', async ({ expect }) => {
    await using checked = await startCheckedSim({ config: { processingMs: { tweet_video: 50 } } });
    const id = await checked.x.upload('video/mp4', 'tweet_video', makeMp4(500));
    const state = await checked.sim.waitFor(({ uploads }) => uploads.find((it) => it.state === 'succeeded'));
    expect(state.mediaId).toBe(id);
  });

  test('a user cannot be added twice', async ({ expect }) => {
    await using checked = await startCheckedSim({ user: { id: '5' } });
    expect(() => checked.sim.addUser({ id: '5' })).toThrow('already');
  });

  test('closing rejects those who wait and frees the port', async ({ expect }) => {
    const sim = await startSim();
    const waiting = sim.waitFor(() => false);
    const closed = sim.close();
    await expect(waiting).rejects.toThrow('closed');
    await closed;
    const again = await startSim({ port: sim.port });
    expect(again.port).toBe(sim.port);
    await again.close();
  });

  test('the clock runs on what it is given', async ({ expect }) => {
    let nowMs = 1_700_000_000_000;
    const sim = await startSim({ now: () => nowMs });
    sim.clock.advance(500);
    nowMs += 1000;
    expect(sim.clock.now()).toBe(1_700_000_001_500);
    sim.clock.freeze();
    nowMs += 1000;
    sim.clock.advance(1);
    expect(sim.clock.now()).toBe(1_700_000_001_501);
    sim.clock.resume();
    nowMs += 10;
    expect(sim.clock.now()).toBe(1_700_000_001_511);
    expect(() => sim.clock.advance(-1)).toThrow('forward');
    await sim.close();
  });

  test('ids rise with time and within a millisecond', async ({ expect }) => {
    const sim = await startSim({ now: () => 1_700_000_000_000, config: { limits: { mode: 'off' } } });
    const x = createXClient(sim, sim.addUser());
    const ids: bigint[] = [];
    for (let count = 0; count < 5; count += 1)
      ids.push(BigInt((await x.post({ text: `${count}` })).json.data.id));
    expect(ids).toEqual(ids.toSorted((a, b) => Number(a - b)));
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(Number(id >> 22n) + 1_288_834_974_657).toBe(1_700_000_000_000);
    await sim.close();
  });
});
