import type { SimProcess } from '@slipway/local';
import type { Violation } from './evidence.ts';
import { findDoubles } from './invariants/doubles.ts';

const EVERY_MS = 3_000;

/** Looks at X while a campaign runs, for what must never be there at any moment. `stop` tells what was seen. */
export function startWatch(sim: Pick<SimProcess, 'ledger'>): { stop(): Promise<Violation[]> } {
  const seen = new Map<string, Violation>();
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    for (const violation of findDoubles(await sim.ledger())) {
      seen.set(`${violation.rule} ${violation.detail}`, violation);
    }
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      return [...seen.values()];
    },
  };
}
