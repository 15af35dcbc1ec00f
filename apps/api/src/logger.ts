import { pino, type Logger } from 'pino';

/** Paths under which a secret could get into a log line, one level deep and at the top. */
const SECRET_PATHS = ['authorization', 'accessToken', 'credentials', 'password', 'secret'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.headers.${name}`,
]);

/** Logs JSON lines to standard output; secrets are cut out here, not by whoever logs. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { app: 'api' },
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
  });
}
