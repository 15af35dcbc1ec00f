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

export function connectRedis(url: string, { role, name }: { role: ConnectionRole; name: string }): Redis {
  const patient = role !== 'caller';
  return new Redis(url, {
    connectionName: name,
    maxRetriesPerRequest: patient ? null : 1,
    enableOfflineQueue: patient,
    ...(patient ? {} : { commandTimeout: 5_000 }),
    socketTimeout: SILENCE_LIMIT_MS,
    keepAlive: 5_000,
    connectTimeout: 5_000,
    retryStrategy: (times) => Math.min(100 * times, 1_000),
  });
}
