import type { FaultInput, Stack } from '@slipway/local';
import { setTimeout as wait } from 'node:timers/promises';
import type { XFault } from '../plan/vocabulary.ts';
import type { Injected, Stage } from './stage.ts';

/** In a storm each 429 names a reset that is still to come; it is moved on this often. */
const ROLL_MS = 1_000;

interface Fired {
  fired: number;
}

export async function disturbX({ stack }: Stage, fault: XFault): Promise<Injected> {
  const user = fault.account === null ? undefined : stack.accounts[fault.account];
  const on = { operation: fault.operation, ...(user && { userId: user.xUserId }) };
  const { effect } = fault;
  const end =
    'rateLimit' in effect
      ? await startStorm(stack, on, effect.rateLimit.resetAfterMs)
      : await startFault(stack, { on, times: fault.times, do: effect });
  const hitsCreates = fault.operation === '*' || fault.operation === 'posts.create';
  return {
    ...(hitsCreates && { worker: null }),
    target: user ? `${fault.operation} of ${user.username}` : fault.operation,
    end,
  };
}

/** Scripts a fault; the function that comes back takes it out and tells how often it has fired. */
async function startFault({ sim }: Stack, fault: FaultInput): Promise<() => Promise<Fired>> {
  const id = await sim.script(fault);
  return async () => ({ fired: (await sim.removeFault(id)).fired });
}

/** Answers everything with 429, always with a reset that is near. */
async function startStorm(
  stack: Stack,
  on: FaultInput['on'],
  resetAfterMs: number,
): Promise<() => Promise<Fired>> {
  const begin = () => startFault(stack, { on, times: 'always', do: rejectUntil(Date.now() + resetAfterMs) });
  const over = new AbortController();
  let endCurrent = await begin();
  let fired = 0;
  const roll = async (): Promise<void> => {
    for (;;) {
      await wait(ROLL_MS, undefined, { signal: over.signal }).catch(() => undefined);
      if (over.signal.aborted) return;
      const endNext = await begin();
      fired += (await endCurrent()).fired;
      endCurrent = endNext;
    }
  };
  const rolling = roll();
  return async () => {
    over.abort();
    await rolling;
    return { fired: fired + (await endCurrent()).fired };
  };
}

/** A 429 as X sends it, of a window that is much shorter than X's. The header has whole seconds. */
function rejectUntil(resetAt: number): FaultInput['do'] {
  return {
    answer: {
      status: 429,
      headers: {
        // X's word for its limit is believed after the storm, too; there is none in a campaign.
        'x-rate-limit-limit': '100000',
        'x-rate-limit-remaining': '0',
        'x-rate-limit-reset': String(Math.ceil(resetAt / 1_000)),
      },
      body: { title: 'Too Many Requests', detail: 'Too Many Requests', type: 'about:blank', status: 429 },
    },
  };
}
