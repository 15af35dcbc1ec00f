import { Redis } from 'ioredis';

/**
 * - `caller`: answers at once or fails, so that an API can say 503 instead of keeping its caller waiting
 * - `worker`: waits for Redis to come back
 * - `blocking`: the same, for connections that block or listen
 */
export type ConnectionRole = 'caller' | 'worker' | 'blocking';

/**
 * A peer that answers nothing for so long while it owes an answer is gone: a half-open connection would otherwise stay so for
 * many minutes. A blocking read lasts up to 10 s, so that anything below that would reset healthy connections.
 */
const SILENCE_LIMIT_MS = 15_000;

/**
 * Redis owes no answer to a connection that only listens, or that has nothing to do: its silence would mean nothing, and one that
 * is needed once in a while would be found dead only then. So each asks now and then.
 */
const ASK_EVERY_MS = 5_000;

/** A connection that mends itself. A peer that has fallen silent is noticed within 20 s, by one that is at work within 15 s. */
export function connectRedis(url: string, { role, name }: { role: ConnectionRole; name: string }): Redis {
  const patient = role !== 'caller';
  const redis = new Redis(url, {
    connectionName: name,
    maxRetriesPerRequest: patient ? null : 1,
    enableOfflineQueue: patient,
    ...(patient ? {} : { commandTimeout: 5_000 }),
    socketTimeout: SILENCE_LIMIT_MS,
    keepAlive: 5_000,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(100 * times, 1_000),
  });
  askNowAndThen(redis);
  return redis;
}

function askNowAndThen(redis: Redis): void {
  const timer = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => undefined);
  }, ASK_EVERY_MS).unref();
  redis.once('end', () => clearInterval(timer));
}
