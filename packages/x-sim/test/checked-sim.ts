import { startSim } from '../src/index.ts';
import type { Sim, SimOptions, SimUser, UserInput } from '../src/index.ts';
import { createConformance } from './openapi.ts';
import type { Conformance } from './openapi.ts';
import { createXClient } from './x-client.ts';
import type { XClient } from './x-client.ts';

/** A simulator whose every answer is held against X's description; disposing of it fails on the first that does not fit. */
export interface CheckedSim extends AsyncDisposable {
  sim: Sim;
  user: SimUser;
  x: XClient;
  conformance: Conformance;
  /** Another user with a client. */
  join: (input?: UserInput) => { user: SimUser; x: XClient };
}

export async function startCheckedSim(options: SimOptions & { user?: UserInput } = {}): Promise<CheckedSim> {
  const { user: userInput, ...simOptions } = options;
  const conformance = createConformance();
  const sim = await startSim({ ...simOptions, onExchange: (exchange) => conformance.onExchange(exchange) });
  const join = (input: UserInput = {}) => {
    const user = sim.addUser(input);
    return { user, x: createXClient(sim, user) };
  };
  return {
    sim,
    conformance,
    ...join(userInput),
    join,
    async [Symbol.asyncDispose]() {
      await sim.close();
      if (conformance.violations.length > 0)
        throw new Error(
          `answers that X's description does not allow: ${JSON.stringify(conformance.violations, null, 2)}`,
        );
    },
  };
}
