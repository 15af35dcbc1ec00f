import type { Redis } from 'ioredis';

/** Where an outage is told; loggers have this shape. */
export interface OutageLog {
  warn(fields: { reason: string }, message: string): void;
  info(fields: { awayMs: number }, message: string): void;
}

/**
 * Gives a function that watches connections of one process, and gives them back. An outage of Redis is told once for all of them:
 * when the first is lost, or cannot be made, and when the first is there again.
 */
export function watchConnections(log: OutageLog): (connection: Redis) => Redis {
  let awaySince: number | null = null;

  const lose = (reason: string): void => {
    if (awaySince !== null) return;
    awaySince = performance.now();
    log.warn({ reason }, 'redis is away');
  };
  const regain = (): void => {
    if (awaySince === null) return;
    log.info({ awayMs: Math.round(performance.now() - awaySince) }, 'redis is back');
    awaySince = null;
  };

  return (connection) =>
    connection
      .on('error', (error: Error) => lose(error.message))
      // Not emitted where it is closed on purpose.
      .on('reconnecting', () => lose('the connection was closed'))
      .on('ready', regain);
}
