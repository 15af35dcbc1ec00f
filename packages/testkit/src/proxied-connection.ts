import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** `up`: from the client to the target. */
export type Direction = 'up' | 'down';

/** The connection is reset once so many bytes have passed in one direction; 0: when the first would. */
export interface Trip {
  direction: Direction;
  bytes: number;
}

export interface ProxiedConnection {
  readonly frozen: boolean;
  /** Nothing passes from now on, and neither side is told. There is no way back but `reset`. */
  freeze(): void;
  reset(): void;
  /** Forgets the trip. */
  disarm(): void;
}

interface ConnectionOptions {
  client: Socket;
  /** None: the client's bytes go nowhere, as on a dead link. */
  upstream?: Socket | undefined;
  trip?: Trip | undefined;
  /** Asked for every piece. */
  delayMs: () => number;
  onEnd: (connection: ProxiedConnection) => void;
}

/** What waits for its delay or for a slow reader, in one direction. More is left in the sender's socket. */
const LANE_LIMIT_BYTES = 1024 * 1024;

/** Joins two sockets: bytes, ends and resets of either reach the other, except for the faults that are asked for. */
export function proxyConnection({
  client,
  upstream,
  trip,
  delayMs,
  onEnd,
}: ConnectionOptions): ProxiedConnection {
  const sockets = upstream === undefined ? [client] : [client, upstream];
  const stop = new AbortController();
  let armed = trip;
  let frozen = false;

  const connection: ProxiedConnection = {
    get frozen() {
      return frozen;
    },
    freeze() {
      frozen = true;
      stop.abort();
      for (const socket of sockets) socket.pause();
    },
    reset() {
      stop.abort();
      for (const socket of sockets) socket.resetAndDestroy();
      onEnd(connection);
    },
    disarm() {
      armed = undefined;
    },
  };

  for (const socket of sockets) {
    socket.on('error', () => {
      if (!stop.signal.aborted) connection.reset();
    });
    socket.once('close', () => {
      if (!frozen && sockets.every(({ closed }) => closed)) onEnd(connection);
    });
  }

  function open(from: Socket, to: Socket, direction: Direction): void {
    let passed = 0;
    carry(from, to, delayMs, stop.signal, async (piece) => {
      const room = armed?.direction === direction ? armed.bytes - passed : Infinity;
      if (room > 0) await write(to, piece.subarray(0, room));
      passed += piece.length;
      if (piece.length >= room && !stop.signal.aborted) connection.reset();
    });
  }

  if (upstream === undefined) {
    connection.freeze();
  } else {
    open(client, upstream, 'up');
    open(upstream, client, 'down');
  }
  return connection;
}

/** Hands on the pieces of a socket in their order, each after its delay, until the signal. */
function carry(
  from: Socket,
  to: Socket,
  delayMs: () => number,
  stopped: AbortSignal,
  pass: (piece: Buffer) => Promise<void>,
): void {
  const lane: { piece: Buffer | 'end'; dueAt: number }[] = [];
  let laneBytes = 0;
  let moving = false;

  function enter(piece: Buffer | 'end'): void {
    lane.push({ piece, dueAt: performance.now() + delayMs() });
    if (!moving) void move();
  }

  async function move(): Promise<void> {
    moving = true;
    for (let next = lane.shift(); next !== undefined; next = lane.shift()) {
      const earlyMs = next.dueAt - performance.now();
      if (earlyMs > 0) await wait(earlyMs, undefined, { signal: stopped }).catch(() => undefined);
      if (stopped.aborted) return;
      if (next.piece === 'end') {
        to.end();
        continue;
      }
      await pass(next.piece);
      if (stopped.aborted) return;
      laneBytes -= next.piece.length;
      if (laneBytes < LANE_LIMIT_BYTES) from.resume();
    }
    moving = false;
  }

  from.on('data', (piece: Buffer) => {
    if (stopped.aborted) return;
    laneBytes += piece.length;
    if (laneBytes >= LANE_LIMIT_BYTES) from.pause();
    enter(piece);
  });
  from.once('end', () => {
    if (!stopped.aborted) enter('end');
  });
  from.resume();
}

/** Resolves when the kernel has the bytes, or the socket is gone. */
function write(socket: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket.write(piece, () => resolve());
  });
}
