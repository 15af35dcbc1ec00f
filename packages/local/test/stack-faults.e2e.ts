import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { makeImage } from '@slipway/testkit';
import { afterEach, describe, test } from 'vitest';
import { readLogLine, startStack, type Link, type Stack, type StackOptions } from '../src/index.ts';
import { findFreePort } from '../src/free-port.ts';
import { isRunning } from './is-running.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function start(options: StackOptions): Promise<Stack> {
  const stack = await startStack(options);
  stops.push(() => stack.stop());
  return stack;
}

/** Posts an image by way of the API, and resolves with what became of it. */
async function publish({ api, s3, accounts, sim }: Stack, text: string, inMs = 0): Promise<unknown> {
  const image = makeImage({ type: 'png', seed: 1 });
  await s3.putObject({ bucket: 'media', key: 'a.png', body: image.stream(), contentType: image.contentType });
  const headers = { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' };
  const answer = await fetch(`${api.url}/v1/posts`, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      account: accounts[0]?.id,
      text,
      media: [{ bucket: 'media', key: 'a.png' }],
      publishAt: new Date(Date.now() + inMs).toISOString(),
    }),
  });
  const { id } = await readJson(answer);
  const events = await fetch(`${api.url}/v1/posts/${String(id)}/events`, { headers });
  await events.text(); // ends with the post
  const { status } = await readJson(await fetch(`${api.url}/v1/posts/${String(id)}`, { headers }));
  const { posts } = await sim.ledger();
  return { status, timesPosted: posts.filter((post) => post.text === text).length };
}

async function readJson(response: Response): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = JSON.parse(await response.text());
  return body;
}

const publishedOnce = { status: 'published', timesPosted: 1 };

describe('a stack for faults', () => {
  test('has something of the caller in every link, and nothing else', async ({ expect }) => {
    const links: Link[] = [];
    const passed = new Map<string, number>();
    const stack = await start({
      workers: 2,
      async link(link) {
        links.push(link);
        const url = new URL(link.url);
        const name = `${link.from} ${link.to}`;
        const onConnection = () => passed.set(name, (passed.get(name) ?? 0) + 1);
        url.port = String(await startGate(Number(url.port), onConnection));
        return url.href;
      },
    });
    expect(await publish(stack, 'by way of the links')).toEqual(publishedOnce);
    const servers = { redis: stack.redisUrl, s3: stack.s3.endpoint, x: stack.sim.url };
    expect(new Set(links)).toEqual(
      new Set(
        ['api', 'worker-1', 'worker-2'].flatMap((from) =>
          (['redis', 's3', 'x'] as const).map((to) => ({ from, to, url: servers[to] })),
        ),
      ),
    );
    expect(passed.get('api redis')).toBeGreaterThan(0);
    expect(passed.get('api s3')).toBeGreaterThan(0);
    const one = ['worker-1', 'worker-2'].find((name) => passed.has(`${name} x`));
    expect(passed.get(`${one} s3`)).toBeGreaterThan(0);
    expect(passed.get(`${one} redis`)).toBeGreaterThan(0);

    const before = links.length;
    await stack.restartApi();
    expect(links).toHaveLength(before);
    await stack.startWorker();
    expect(links.slice(before).map(({ from }) => from)).toEqual(['worker-3', 'worker-3', 'worker-3']);
  });

  // A worker that is behind publishes that much late, one that is ahead too early.
  test.for([-5_000, 3_600_000])(
    'has workers whose clocks are off by %i ms, and posts all the same',
    async (skewMs, { expect }) => {
      const errors = new Map<string, number>();
      const stack = await start({
        workers: 1,
        clockSkewMs: (name) => (name === 'worker-1' ? skewMs : 0),
        onLine(name, line) {
          const time = readLogLine(line)?.['time'];
          if (typeof time === 'number') errors.set(name, time - Date.now());
        },
      });
      expect(Math.abs((errors.get('worker-1') ?? NaN) - skewMs)).toBeLessThan(4_000);
      expect(Math.abs(errors.get('api') ?? NaN)).toBeLessThan(4_000);
      expect(await publish(stack, 'by a clock of its own', 1_000)).toEqual(publishedOnce);
    },
  );

  test('has an API that comes back at the same URL, with the same key', async ({ expect }) => {
    const stack = await start({ workers: 1, redis: { appendfsync: 'everysec' } });
    const { url, process: first } = stack.api;
    first.kill('SIGKILL');
    await first.exited;
    const second = await stack.restartApi();
    expect(stack.api.process).toBe(second);
    expect(readLogLine(second.readyLine)?.['url']).toBe(url);
    expect(await publish(stack, 'after a restart')).toEqual(publishedOnce);

    second.kill('SIGSTOP');
    await stack.restartApi();
    expect((await second.exited).code).toBe(0);
    expect(await publish(stack, 'after another')).toEqual(publishedOnce);
    await stack.stop();
    expect(isRunning(stack.api.process.pid)).toBe(false);
  });
});

/** Passes connections on to a port of this machine, and tells of each. Resolves with its own port. */
async function startGate(port: number, onConnection: () => void): Promise<number> {
  const gate = createServer((client) => {
    onConnection();
    const server = connect(port, '127.0.0.1');
    client.pipe(server).pipe(client);
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy()).on('close', () => client.destroy());
  });
  const own = await findFreePort();
  gate.listen(own, '127.0.0.1');
  await once(gate, 'listening');
  stops.push(async () => gate.close());
  return own;
}
