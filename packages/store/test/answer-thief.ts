import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';

/** A TCP proxy before Redis that can steal an answer: the command gets through, and the connection breaks before anybody hears of it. */
export interface AnswerThief {
  url: string;
  /** Steals the answer to the next request that contains this text. */
  stealAnswerTo(text: string): void;
  readonly stolen: number;
  stop(): Promise<void>;
}

export async function startAnswerThief(redisPort: number): Promise<AnswerThief> {
  let wanted: string | null = null;
  let stolen = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(redisPort, '127.0.0.1');
    let stealing = false;
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        redis.destroy();
      });
    }
    client.on('data', (data) => {
      if (wanted !== null && data.includes(wanted)) {
        wanted = null;
        stealing = true;
      }
      redis.write(data);
    });
    redis.on('data', (data) => {
      if (!stealing) {
        client.write(data);
        return;
      }
      stolen += 1;
      client.resetAndDestroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    stealAnswerTo(text) {
      wanted = text;
    },
    get stolen() {
      return stolen;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
