import { REDIS_LOG_SECRETS } from '@slipway/store';
import { type DestinationStream, type Logger, pino } from 'pino';

/** Logs JSON lines, to standard output unless told otherwise; secrets are cut out here, not by whoever logs. */
export function createLogger(
  { level, worker }: { level: string; worker: string },
  destination: DestinationStream = pino.destination(1),
): Logger {
  return pino(
    { level, base: { worker }, redact: { paths: [...REDIS_LOG_SECRETS], remove: true } },
    destination,
  );
}
