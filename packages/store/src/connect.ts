import { Redis, type RedisOptions } from 'ioredis';
import { parseRedisUrl } from './redis-url.ts';

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

/** A Sentinel that takes longer to say who is master is passed over; they answer from memory. */
const SENTINEL_PATIENCE_MS = 1_000;

/**
 * A connection that mends itself. A peer that has fallen silent is noticed within 20 s, by one that is at work within 15 s; so is a
 * master that Sentinels have replaced. The client's `failoverDetector` would be faster but stays off: a failover that it hears of
 * while it connects ends the connection for good. `url` is one that `parseRedisUrl` takes.
 */
export function connectRedis(url: string, { role, name }: { role: ConnectionRole; name: string }): Redis {
  const patient = role !== 'caller';
  const retryStrategy = (times: number): number => Math.min(100 * times, 1_000);
  const options = {
    connectionName: name,
    maxRetriesPerRequest: patient ? null : 1,
    enableOfflineQueue: patient,
    ...(patient ? {} : { commandTimeout: 5_000 }),
    socketTimeout: SILENCE_LIMIT_MS,
    keepAlive: 5_000,
    connectTimeout: 5_000,
    retryStrategy,
    // A failover behind one address may leave connections to the old master open, which is a replica by then.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: SENTINEL_PATIENCE_MS,
  } satisfies RedisOptions;
  const target = parseRedisUrl(url);
  const redis =
    'url' in target ? new Redis(target.url, options) : new Redis({ ...target.sentinels, ...options });
  askNowAndThen(redis);
  return redis;
}

function askNowAndThen(redis: Redis): void {
  const timer = setInterval(() => {
    if (redis.status === 'ready') redis.ping().catch(() => undefined);
  }, ASK_EVERY_MS).unref();
  redis.once('end', () => clearInterval(timer));
}
