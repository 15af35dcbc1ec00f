import { once } from 'node:events';
import { createServer as createHttpServer, request } from 'node:http';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { describe, test as base } from 'vitest';
import { eventually, startFaultProxy, type FaultProxy } from '../src/index.ts';

/** A server that keeps what it received and writes nothing by itself. */
interface Target {
  port: number;
  sockets: Socket[];
  /** What it received since its newest connection was made. */
  received: () => string;
  errors: string[];
}

/** A client that keeps what it received and how it ended. */
interface Client {
  socket: Socket;
  received: () => string;
  ended: () => boolean;
  error: () => string | undefined;
}

interface Rig {
  target: Target;
  proxy: FaultProxy;
  dial: () => Promise<Client>;
  startTarget: () => Promise<Target>;
}

const test = base.extend<{ rig: Rig }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads what a fixture needs from its pattern
  rig: async ({}, use) => {
    const servers: Server[] = [];
    const clients: Socket[] = [];
    const targets: Target[] = [];

    async function startTarget(): Promise<Target> {
      const sockets: Socket[] = [];
      const errors: string[] = [];
      let text = '';
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        sockets.push(socket);
        text = '';
        socket.on('data', (data) => (text += data.toString()));
        socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
      });
      const target = {
        port: await listen(server),
        sockets,
        errors,
        received: () => text,
      };
      servers.push(server);
      targets.push(target);
      return target;
    }

    const target = await startTarget();
    const proxy = await startFaultProxy({ target });
    await use({
      target,
      proxy,
      startTarget,
      async dial() {
        const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
        clients.push(socket);
        let text = '';
        let error: string | undefined;
        socket.on('data', (data) => (text += data.toString()));
        socket.on('error', (cause: NodeJS.ErrnoException) => (error = cause.code));
        await once(socket, 'connect');
        return { socket, received: () => text, ended: () => socket.readableEnded, error: () => error };
      },
    });
    await proxy.close();
    for (const socket of [...clients, ...targets.flatMap(({ sockets }) => sockets)]) socket.destroy();
    for (const server of servers) server.close();
  },
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

/** A client whose connection has reached the target. */
async function joined({ dial, target }: Rig): Promise<{ client: Client; peer: Socket }> {
  const before = target.sockets.length;
  const client = await dial();
  const peer = await eventually(() => target.sockets[before]);
  return { client, peer };
}

const isReset = (client: Client): boolean => client.error() === 'ECONNRESET';

describe('a healthy link', () => {
  test('carries bytes and ends both ways, and then holds no connection', async ({ rig, expect }) => {
    const { client, peer } = await joined(rig);
    client.socket.end('question');
    await eventually(() => peer.readableEnded);
    expect(rig.target.received()).toBe('question');
    expect(rig.proxy.connections).toBe(1);
    peer.end('answer');
    await eventually(client.ended);
    expect(client.received()).toBe('answer');
    await eventually(() => rig.proxy.connections === 0);
    expect([client.error(), rig.target.errors]).toEqual([undefined, []]);
  });

  test('waits for a slow reader instead of buffering, and loses nothing', async ({ rig, expect }) => {
    const { client, peer } = await joined(rig);
    peer.pause();
    const piece = Buffer.alloc(1024 * 1024, 7);
    const pieces = 64;
    let taken = 0;
    const sent = (async () => {
      for (; taken < pieces; taken++) await new Promise((resolve) => client.socket.write(piece, resolve));
      client.socket.end();
    })();
    const readings = [0];
    await eventually(() => {
      readings.push(taken);
      return readings.length > 30 && readings.slice(-30).every((reading) => reading === taken);
    });
    expect(taken).toBeLessThan(pieces / 2);
    peer.resume();
    await eventually(() => peer.readableEnded);
    await sent;
    expect(peer.bytesRead).toBe(pieces * piece.length);
  });

  test('passes a reset on, in both directions', async ({ rig, expect }) => {
    const first = await joined(rig);
    first.peer.resetAndDestroy();
    await eventually(() => isReset(first.client));
    const second = await joined(rig);
    second.client.socket.resetAndDestroy();
    await eventually(() => rig.target.errors.length > 0);
    expect(rig.target.errors).toEqual(['ECONNRESET']);
    await eventually(() => rig.proxy.connections === 0);
  });

  test('resets a client whose target takes no connection, and takes another target', async ({
    rig,
    expect,
  }) => {
    const other = await rig.startTarget();
    const { client } = await joined(rig);
    rig.proxy.retarget({ port: 1 });
    const refused = await rig.dial();
    await eventually(() => isReset(refused));
    rig.proxy.retarget(other);
    const moved = await rig.dial();
    moved.socket.write('new');
    await eventually(() => other.received() === 'new');
    client.socket.write('old');
    await eventually(() => rig.target.received() === 'old');
    expect(isReset(client)).toBe(false);
  });
});

describe('a broken link', () => {
  test('cut resets both sides of what is open, and only that', async ({ rig, expect }) => {
    const { client } = await joined(rig);
    rig.proxy.cut();
    expect(rig.proxy.connections).toBe(0);
    await eventually(() => isReset(client) && rig.target.errors.length === 1);
    expect(rig.target.errors).toEqual(['ECONNRESET']);
    const next = await joined(rig);
    next.client.socket.write('on');
    await eventually(() => rig.target.received() === 'on');
  });

  test('freeze tells nobody, swallows what is sent, lets new connections hang; thaw resets them', async ({
    rig,
    expect,
  }) => {
    const { client, peer } = await joined(rig);
    rig.proxy.freeze();
    client.socket.write('lost');
    peer.write('lost');
    const hung = await rig.dial();
    hung.socket.write('lost');
    await eventually(() => rig.proxy.connections === 2);
    // A whole other connection comes and goes: time enough for what must not happen here.
    const beside = await startFaultProxy({ target: rig.target });
    const probe = connect(beside.port).end('probe');
    await eventually(() => rig.target.received() === 'probe');
    probe.destroy();
    await beside.close();
    expect(rig.target.sockets).toHaveLength(2);
    expect([client.received(), hung.received()]).toEqual(['', '']);
    expect([client.error(), hung.error(), peer.closed]).toEqual([undefined, undefined, false]);

    client.socket.resetAndDestroy();
    rig.proxy.thaw();
    await eventually(() => isReset(hung) && peer.closed);
    expect(rig.proxy.connections).toBe(0);
    const next = await joined(rig);
    next.client.socket.write('again');
    await eventually(() => rig.target.received() === 'again');
  });

  test('a client that gives up on a frozen connection is not told on to the target', async ({
    rig,
    expect,
  }) => {
    const { client, peer } = await joined(rig);
    rig.proxy.freeze({ newConnections: 'pass' });
    client.socket.resetAndDestroy();
    const next = await joined(rig);
    next.client.socket.write('new');
    await eventually(() => rig.target.received() === 'new');
    expect(peer.closed).toBe(false);
    expect(rig.proxy.connections).toBe(2);
    rig.proxy.thaw();
    await eventually(() => peer.closed);
    expect(rig.proxy.connections).toBe(1);
  });

  test('refuse refuses new connections and keeps open ones; accept takes them at the same port', async ({
    rig,
    expect,
  }) => {
    const { client } = await joined(rig);
    await rig.proxy.refuse();
    await expect(rig.dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    client.socket.write('still here');
    await eventually(() => rig.target.received() === 'still here');
    await rig.proxy.accept();
    await joined(rig);
    expect(rig.target.sockets).toHaveLength(2);
  });

  test('delay holds every piece for its time, and keeps the order when it ends', async ({ rig, expect }) => {
    const { client, peer } = await joined(rig);
    rig.proxy.delay(100);
    const start = performance.now();
    client.socket.write('a');
    await eventually(() => rig.target.received() === 'a');
    peer.write('b');
    await eventually(() => client.received() === 'b');
    expect(performance.now() - start).toBeGreaterThanOrEqual(199);
    client.socket.write('c');
    await eventually(() => client.socket.writableLength === 0);
    rig.proxy.delay(0);
    client.socket.end('d');
    await eventually(() => peer.readableEnded);
    expect(rig.target.received()).toBe('acd');
  });

  test('resetAfter lets exactly so many bytes pass, on so many connections', async ({ rig, expect }) => {
    rig.proxy.resetAfter(5, { direction: 'up', times: 2 });
    for (const text of ['12345', '123456789']) {
      const { client, peer } = await joined(rig);
      client.socket.write(text);
      await eventually(() => isReset(client) && peer.closed);
      expect(rig.target.received()).toBe('12345');
    }
    rig.proxy.resetAfter(3, { direction: 'down' });
    const down = await joined(rig);
    down.client.socket.write('as many as you like');
    await eventually(() => rig.target.received() === 'as many as you like');
    down.peer.write('12');
    await eventually(() => down.client.received() === '12');
    down.peer.write('345');
    await eventually(() => isReset(down.client));
    expect(down.client.received()).toBe('123');
    const healthy = await joined(rig);
    healthy.client.socket.end('123456789');
    await eventually(() => rig.target.received() === '123456789');
  });

  test('dropAnswers lets the request pass and resets instead of the answer', async ({ rig, expect }) => {
    const seen: string[] = [];
    const server = createHttpServer((incoming, response) => {
      seen.push(incoming.url ?? '');
      incoming.resume().on('end', () => response.end('done'));
    });
    rig.proxy.retarget({ port: await listen(server) });
    rig.proxy.dropAnswers();
    const get = async (path: string): Promise<number> => {
      const sent = request({ port: rig.proxy.port, path, agent: false, method: 'POST' }).end('body');
      const [response] = await once(sent, 'response');
      response.resume();
      return response.statusCode;
    };
    await expect(get('/first')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await get('/second')).toBe(200);
    expect(seen).toEqual(['/first', '/second']);
    server.close();
  });

  test('heal ends every fault, those that wait included', async ({ rig, expect }) => {
    rig.proxy.resetAfter(0, { direction: 'up', times: 3 });
    const armed = await joined(rig);
    const held = await joined(rig);
    rig.proxy.delay(60_000);
    rig.proxy.freeze();
    await rig.proxy.refuse();
    await rig.proxy.heal();
    await eventually(() => isReset(armed.client) && isReset(held.client));
    const next = await joined(rig);
    next.client.socket.write('fine');
    await eventually(() => rig.target.received() === 'fine');

    rig.proxy.resetAfter(0, { direction: 'up' });
    const disarmed = await joined(rig);
    await rig.proxy.heal();
    disarmed.client.socket.write('fine too');
    await eventually(() => rig.target.received() === 'fine too');
    expect(rig.proxy.connections).toBe(2);
  });

  test('close ends what is open and listens no more', async ({ rig, expect }) => {
    const { client } = await joined(rig);
    await rig.proxy.close();
    await eventually(() => isReset(client));
    await expect(rig.dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
