import { setTimeout as wait } from 'node:timers/promises';
import { findStoreTrouble } from '@slipway/store';
import type { FastifyBaseLogger } from 'fastify';

export interface TakeInOptions {
  /** Takes the accounts of the file in, and says how many. */
  take: () => Promise<number>;
  logger: FastifyBaseLogger;
  /** Between two tries. */
  everyMs?: number;
  signal: AbortSignal;
}

/**
 * Takes in the accounts of the accounts file. Resolves after the first try: while Redis is away the API starts all the same, and
 * goes on trying.
 */
export async function takeInAccounts(options: TakeInOptions): Promise<void> {
  if (!(await tryOnce(options))) void keepTrying(options);
}

async function keepTrying(options: TakeInOptions): Promise<void> {
  const { signal, everyMs = 1_000 } = options;
  do {
    await wait(everyMs, null, { ref: false });
    if (signal.aborted) return;
  } while (!(await tryOnce(options)));
}

/** False while Redis is away. Anything else that is wrong is not mended by another try. */
async function tryOnce({ take, logger }: TakeInOptions): Promise<boolean> {
  try {
    const taken = await take();
    if (taken > 0) logger.info({ accounts: taken }, 'accounts of the file were taken in');
    return true;
  } catch (error) {
    if (findStoreTrouble(error)) return false;
    logger.error({ err: error }, 'the accounts of the file could not be taken in');
    return true;
  }
}
