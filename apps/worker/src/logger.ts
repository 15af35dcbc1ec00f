import { type DestinationStream, type Logger, pino } from 'pino';

/** An error of Redis names its command with all that was sent: passwords at the start of a connection, texts of posts later. */
const SENT_TO_REDIS = ['err.command.args', 'err.aggregateErrors[*].command.args'];

/** Logs JSON lines, to standard output unless told otherwise; secrets are cut out here, not by whoever logs. */
export function createLogger(
  { level, worker }: { level: string; worker: string },
  destination: DestinationStream = pino.destination(1),
): Logger {
  return pino({ level, base: { worker }, redact: { paths: SENT_TO_REDIS, remove: true } }, destination);
}
