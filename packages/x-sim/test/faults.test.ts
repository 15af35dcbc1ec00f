import { describe, test } from 'vitest';
import type { FaultInput } from '../src/index.ts';
import { startCheckedSim } from './checked-sim.ts';
import { makeMp4 } from './media.ts';

const UNAVAILABLE = { answer: 'service_unavailable' } as const;

describe('a script', () => {
  test('lets some pass, fires so often, and counts', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const id = sim.faults.script({ on: { operation: 'users.me' }, skip: 1, times: 2, do: UNAVAILABLE });
    const statuses: number[] = [];
    for (let call = 0; call < 5; call += 1) statuses.push((await x.request('GET', '/2/users/me')).status);
    expect(statuses).toEqual([200, 503, 503, 200, 200]);
    expect(sim.faults.list()).toMatchObject([{ id, fired: 2, skip: 1, times: 2 }]);
    sim.faults.clear();
    expect(sim.faults.list()).toEqual([]);
  });

  test('plays its faults in order', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    for (const answer of ['forbidden', 'html', 'unauthorized'] as const)
      sim.faults.script({ on: { operation: '*' }, do: { answer } });
    const statuses: number[] = [];
    for (let call = 0; call < 4; call += 1) statuses.push((await x.request('GET', '/2/users/me')).status);
    expect(statuses).toEqual([403, 503, 401, 200]);
  });

  test('hits whom it names only: user, media, segment, text', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, user, sim, join } = checked;
    const other = join();
    const media = makeMp4(1000);
    const one = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data.id;
    const two = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data.id;
    const always = (on: FaultInput['on']) => sim.faults.script({ on, times: 'always', do: UNAVAILABLE });
    always({ operation: 'users.me', userId: user.id });
    always({ operation: 'media.append', mediaId: two, segmentIndex: 3 });
    always({ operation: 'media.status', mediaId: one });
    always({ operation: 'posts.create', textIncludes: 'boom' });
    expect((await x.request('GET', '/2/users/me')).status).toBe(503);
    expect((await other.x.request('GET', '/2/users/me')).status).toBe(200);
    expect((await x.append(two, 3, media)).status).toBe(503);
    expect((await x.appendJson(two, 3, media)).status).toBe(503);
    expect((await x.append(two, 2, media)).status).toBe(200);
    expect((await x.append(one, 3, media)).status).toBe(200);
    expect((await x.status(one)).status).toBe(503);
    expect((await x.status(two)).status).toBe(400);
    expect((await x.post({ text: 'one boom two' })).status).toBe(503);
    expect((await x.post({ text: 'quiet' })).status).toBe(201);
  });

  test('takes any answer literally', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const on = { operation: 'oauth2.token' };
    sim.faults.script({
      on,
      do: {
        answer: {
          status: 418,
          body: 'short and stout',
          headers: { 'x-tea': 'yes' },
          contentType: 'text/plain',
        },
      },
    });
    sim.faults.script({ on, do: { answer: { status: 503 } } });
    const first = await x.request('POST', '/2/oauth2/token');
    expect(first).toMatchObject({ status: 418, text: 'short and stout' });
    expect([first.headers.get('x-tea'), first.headers.get('content-type')]).toEqual(['yes', 'text/plain']);
    expect(await x.request('POST', '/2/oauth2/token')).toMatchObject({ status: 503, text: '' });
  });

  test('that makes no sense is refused', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { faults } = checked.sim;
    expect(() => faults.script({ on: { operation: '*' }, do: { answer: { status: 42 } } })).toThrow();
    expect(() => faults.script({ on: { operation: '*' }, do: { hang: true, delayMs: 1 } })).toThrow();
  });
});

describe('an effect', () => {
  test('acceptThen… waits for a request that succeeds', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    sim.faults.script({ on: { operation: 'posts.create' }, do: { acceptThenAnswer: 'gateway_timeout' } });
    expect((await x.post({})).status).toBe(400);
    expect(sim.faults.list()).toMatchObject([{ fired: 0 }]);
    expect((await x.post({ text: 'a' })).status).toBe(504);
    expect(sim.ledger().posts).toHaveLength(1);
  });

  test('resetBeforeReading leaves no trace', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    sim.faults.script({ on: { operation: 'posts.create' }, do: { resetBeforeReading: true } });
    await expect(x.post({ text: 'a' })).rejects.toThrow('fetch failed');
    const { posts, requests } = sim.ledger();
    expect(posts).toEqual([]);
    expect(requests).toEqual({ 'posts.create': { reset: 1 } });
  });

  test('resetAfterBytes counts what came, by text or segment', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const media = makeMp4(2_000_000);
    const { id } = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data;
    sim.faults.script({
      on: { operation: 'media.append', segmentIndex: 0 },
      do: { resetAfterBytes: 500_000 },
    });
    sim.faults.script({
      on: { operation: 'posts.create', textIncludes: 'cut' },
      times: 2,
      do: { resetAfterBytes: 20 },
    });
    await expect(x.append(id, 0, media)).rejects.toThrow('fetch failed');
    const [upload] = sim.ledger().uploads;
    expect(upload?.bytesReceived).toBeGreaterThanOrEqual(500_000);
    expect(upload?.bytesReceived).toBeLessThan(media.length);
    expect(upload?.bytesAccepted).toBe(0);
    expect((await x.post({ text: 'whole' })).status).toBe(201);
    await expect(x.post({ text: 'cut' })).rejects.toThrow('fetch failed');
    await expect(x.post({ text: 'cut', nullcast: true })).rejects.toThrow('fetch failed');
    expect(sim.ledger().posts).toHaveLength(1);
  });

  test('acceptThenDrop of an append makes its repetition count', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const media = makeMp4(1000);
    const { id } = (await x.initialize('video/mp4', 'tweet_video', media.length)).json.data;
    sim.faults.script({ on: { operation: 'media.append' }, do: { acceptThenDrop: true } });
    await expect(x.append(id, 0, media)).rejects.toThrow('fetch failed');
    await x.append(id, 0, media);
    expect(sim.ledger().uploads[0]).toMatchObject({
      bytesReceived: 2000,
      bytesAccepted: 1000,
      bytesRepeated: 1000,
      segments: [{ receivedTimes: 2 }],
    });
  });

  test('hang holds the request open until the client goes', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    sim.faults.script({ on: { operation: 'users.me' }, do: { hang: true } });
    const stop = new AbortController();
    const call = x.request('GET', '/2/users/me', { signal: stop.signal });
    await sim.waitFor(({ requests }) => requests['users.me']?.['hung'] === 1);
    expect(sim.openRequests()).toBe(1);
    stop.abort();
    await expect(call).rejects.toThrow('aborted');
    await sim.waitFor(() => sim.openRequests() === 0);
  });

  test('hang does not keep the simulator from closing', async ({ expect }) => {
    const checked = await startCheckedSim();
    checked.sim.faults.script({ on: { operation: 'users.me' }, do: { hang: true } });
    const call = checked.x.request('GET', '/2/users/me').catch((error: unknown) => String(error));
    await checked.sim.waitFor(({ requests }) => requests['users.me']?.['hung'] === 1);
    await checked[Symbol.asyncDispose]();
    expect(await call).toContain('fetch failed');
  });

  test('delayMs goes before another effect', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    const on = { operation: 'users.me' };
    sim.faults.script({ on, do: { delayMs: 20 } });
    sim.faults.script({ on, do: UNAVAILABLE });
    expect((await x.request('GET', '/2/users/me')).status).toBe(503);
    expect(sim.faults.list()).toMatchObject([{ fired: 1 }, { fired: 1 }]);
  });

  test('processing: takes other times and other advice', async ({ expect }) => {
    await using checked = await startCheckedSim();
    const { x, sim } = checked;
    sim.clock.freeze();
    const on = { operation: 'media.finalize' };
    sim.faults.script({ on, do: { processing: { takeMs: 600_000, checkAfterSecs: 30 } } });
    const id = await x.upload('video/mp4', 'tweet_video', makeMp4(500));
    expect((await x.status(id)).json.data.processing_info).toEqual({
      state: 'pending',
      check_after_secs: 30,
    });
    sim.clock.advance(29_000);
    expect((await x.status(id)).status).toBe(503);
    sim.clock.advance(571_000);
    expect((await x.status(id)).json.data.processing_info.state).toBe('succeeded');
  });
});
