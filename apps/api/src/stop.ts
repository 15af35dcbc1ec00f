import type { Logger } from 'pino';

export interface StopDeps {
  /** Stops taking requests and lets those under way finish. */
  close: () => Promise<unknown>;
  /** Cuts whatever is still connected. */
  cut: () => void;
  /** Lets go of what the requests worked with. */
  release: () => Promise<unknown>;
  logger: Logger;
  graceMs: number;
}

/**
 * Stops in two phases: requests under way get `graceMs` to finish, then their connections are cut. Resolves to the exit status:
 * 0 when everything finished by itself, 1 when something had to be cut.
 */
export async function stop({ close, cut, release, logger, graceMs }: StopDeps): Promise<0 | 1> {
  let wasCut = false;
  const timer = setTimeout(() => {
    wasCut = true;
    logger.warn({ graceMs }, 'requests are cut off: they did not finish in time');
    cut();
  }, graceMs);
  await close();
  clearTimeout(timer);
  await release();
  return wasCut ? 1 : 0;
}
