/**
 * Paths that a logger must cut out of what it is given. An error of Redis names its command with all that was sent: passwords at
 * the start of a connection, texts of posts later.
 */
export const REDIS_LOG_SECRETS: readonly string[] = [
  'err.command.args',
  'err.aggregateErrors[*].command.args',
];
