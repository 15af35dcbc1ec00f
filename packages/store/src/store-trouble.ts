/** What an error says of Redis, where it is Redis that is in trouble and not the program. */
export interface StoreTrouble {
  /**
   * - `away`: it does not answer
   * - `refuses`: it answers, and takes no writes at present
   * - `forbids`: it does not let us in, or not do this; only its operator can change that
   */
  kind: 'away' | 'refuses' | 'forbids';
  /** Whether a write that met the error may have happened all the same. */
  maybeWritten: boolean;
  /** A sentence for people. */
  reason: string;
}

/** By the word that such an answer of Redis begins with. */
const REFUSALS = new Map([
  ['OOM', 'The memory of Redis is full.'],
  ['MISCONF', 'Redis cannot write to its disk.'],
  ['READONLY', 'Redis is a replica, and takes no writes.'],
  ['NOREPLICAS', 'Redis has too few replicas to take writes.'],
  ['LOADING', 'Redis is loading its data.'],
  ['MASTERDOWN', 'Redis has lost its master.'],
  ['CLUSTERDOWN', 'The cluster of Redis is down.'],
  ['TRYAGAIN', 'The cluster of Redis is being changed.'],
  ['BUSY', 'Redis is busy with a script.'],
  ['UNBLOCKED', 'Redis has become a replica.'],
]);
const PROHIBITIONS = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);
const NEVER_SENT = /enableOfflineQueue options is false/;
const CONNECTION_LOST =
  /^(?:Connection is closed|Command timed out|Socket closed|Socket timeout|All sentinels are unreachable)/;
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Redis 6 puts what went wrong in a script behind where it did. */
const WORD = /^(?:ERR Error running script .*: -)?(\w+)/;

/** Null for an error that is not about the state of Redis; that one is a defect. */
export function findStoreTrouble(error: unknown): StoreTrouble | null {
  if (!(error instanceof Error)) return null;
  const word = WORD.exec(error.message)?.[1] ?? '';
  const refusal = REFUSALS.get(word);
  if (refusal !== undefined) return { kind: 'refuses', maybeWritten: false, reason: refusal };
  if (PROHIBITIONS.has(word)) {
    return { kind: 'forbids', maybeWritten: false, reason: 'Redis does not let Slipway in, or not do this.' };
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const neverSent = NEVER_SENT.test(error.message);
  const isAway =
    neverSent ||
    error.name === 'MaxRetriesPerRequestError' ||
    CONNECTION_LOST.test(error.message) ||
    NETWORK_CODES.has(code);
  if (isAway) {
    const maybeWritten = !neverSent && code !== 'ECONNREFUSED';
    return { kind: 'away', maybeWritten, reason: 'Redis does not answer.' };
  }
  return error.cause === undefined ? null : findStoreTrouble(error.cause);
}
