import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { type Direction, type ProxiedConnection, type Trip, proxyConnection } from './proxied-connection.ts';

interface FaultProxyTarget {
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
}

/** A TCP proxy whose link can be broken in the ways in which networks break. */
export interface FaultProxy {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Open connections; frozen ones count until they are reset, whatever their ends did. */
  readonly connections: number;
  /** Where new connections go from now on; open ones stay where they are. */
  retarget(target: FaultProxyTarget): void;
  /** Resets every open connection (RST, both sides). */
  cut(): void;
  /**
   * Half-open: from now on nothing passes in either direction and nobody is told. New connections are accepted and hang as
   * well (the default), or pass. The kernel goes on to acknowledge what the ends send, so TCP's own keep-alive sees nothing.
   */
  freeze(options?: { newConnections?: 'hang' | 'pass' }): void;
  /** Ends a freeze: connections that lived through it are reset (their bytes are lost), new ones work. */
  thaw(): void;
  /** New connections are refused (nothing listens); open ones stay. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. Rejects when somebody else took the port meanwhile. */
  accept(): Promise<void>;
  /** Delays every piece by so many ms in each direction, order kept; 0 ends it. */
  delay(ms: number): void;
  /**
   * The next `times` (default 1) connections are reset once so many bytes have passed from the client (`up`) or to it
   * (`down`); 0: when the first would. While other such faults wait for their connections, it is for those after them.
   */
  resetAfter(bytes: number, options: { direction: Direction; times?: number }): void;
  /** On the next `times` connections (default 1): requests pass, the first answer is swallowed and the connection is reset instead. */
  dropAnswers(times?: number): void;
  /** Ends every fault. */
  heal(): Promise<void>;
  /** Stops listening and resets what is open. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Starts a proxy on a free port of 127.0.0.1. When the target takes no connection, its client sees a reset. */
export async function startFaultProxy(options: { target: FaultProxyTarget }): Promise<FaultProxy> {
  let { target } = options;
  const open = new Set<ProxiedConnection>();
  const trips: Trip[] = [];
  let delayMs = 0;
  let hanging = false;
  let server: Server | undefined;

  function onClient(client: Socket): void {
    const connection = proxyConnection({
      client,
      upstream: hanging
        ? undefined
        : connect({ host: target.host ?? HOST, port: target.port, allowHalfOpen: true, noDelay: true }),
      trip: hanging ? undefined : trips.shift(),
      delayMs: () => delayMs,
      onEnd: (ended) => open.delete(ended),
    });
    open.add(connection);
  }

  async function listen(port: number): Promise<number> {
    const starting = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, onClient);
    starting.listen(port, HOST);
    await once(starting, 'listening');
    server = starting;
    const address = starting.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP address');
    return address.port;
  }

  /** Does not wait for the server's `close`, which open connections hold back: the port is free at once. */
  function stopListening(): void {
    server?.close();
    server = undefined;
  }

  const port = await listen(0);

  const proxy: FaultProxy = {
    host: HOST,
    port,
    get connections() {
      return open.size;
    },
    retarget(next) {
      target = next;
    },
    cut() {
      for (const connection of open) connection.reset();
    },
    freeze({ newConnections = 'hang' } = {}) {
      hanging = newConnections === 'hang';
      for (const connection of open) connection.freeze();
    },
    thaw() {
      hanging = false;
      for (const connection of open) if (connection.frozen) connection.reset();
    },
    refuse: async () => stopListening(),
    async accept() {
      if (server === undefined) await listen(port);
    },
    delay(ms) {
      delayMs = ms;
    },
    resetAfter(bytes, { direction, times = 1 }) {
      for (let n = 0; n < times; n++) trips.push({ direction, bytes });
    },
    dropAnswers: (times) =>
      proxy.resetAfter(0, { direction: 'down', ...(times === undefined ? {} : { times }) }),
    async heal() {
      delayMs = 0;
      trips.length = 0;
      for (const connection of open) connection.disarm();
      proxy.thaw();
      await proxy.accept();
    },
    async close() {
      stopListening();
      proxy.cut();
    },
  };
  return proxy;
}
