import { REDIS_LOG_SECRETS } from '@slipway/store';
import { pino, type DestinationStream, type Logger } from 'pino';

/** Paths under which a secret could get into a log line, one level deep and at the top. */
const SECRET_PATHS = [
  'authorization',
  'accessToken',
  'accessTokenSecret',
  'clientSecret',
  'codeVerifier',
  'consumerSecret',
  'credentials',
  'password',
  'refreshToken',
  'secret',
].flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]);

/** Logs JSON lines, to standard output unless told otherwise; secrets are cut out here, not by whoever logs. */
export function createLogger(level: string, destination: DestinationStream = pino.destination(1)): Logger {
  const options = {
    level,
    base: { app: 'api' },
    redact: { paths: [...SECRET_PATHS, ...REDIS_LOG_SECRETS], censor: '[redacted]' },
  };
  return pino(options, destination);
}
