import { setTimeout as wait } from 'node:timers/promises';
import type { PlannedFault, XFault } from '../plan/vocabulary.ts';
import { disturbLink } from './network.ts';
import { disturbApi, disturbWorker } from './processes.ts';
import { disturbRedis } from './redis.ts';
import type { FaultRecord, Injected, Stage } from './stage.ts';
import { disturbX } from './x.ts';

/**
 * Plays the faults of a plan, each at its time. Resolves when all have ended and what they broke is whole again; rejects when
 * one could not be played, which is a failure of the campaign and not of Slipway.
 */
export async function playFaults(
  stage: Stage,
  faults: readonly PlannedFault[],
  startedAt: number,
  onRecord: (record: FaultRecord) => void,
): Promise<void> {
  await Promise.all(
    faults.map(async (fault) => {
      await wait(Math.max(0, startedAt + fault.atMs - Date.now()));
      onRecord(await play(stage, fault));
    }),
  );
}

async function play(stage: Stage, fault: PlannedFault): Promise<FaultRecord> {
  try {
    let from = Date.now();
    const injected = await inject(stage, fault);
    // What waits for its moment begins when it has come.
    if ('aim' in fault) from = Date.now();
    await wait(fault.forMs);
    const { fired = null, neverStopped = false } = await injected.end();
    const to = Date.now();
    return {
      id: fault.id,
      kind: fault.kind,
      target: injected.target,
      from,
      to,
      fired,
      neverStopped,
      disturbance:
        injected.worker === undefined ? null : { fault: fault.kind, from, to, worker: injected.worker },
      storm:
        isStorm(fault) && fault.account !== null && fired !== null
          ? {
              account: fault.account,
              from,
              to,
              resetAfterMs: fault.effect.rateLimit.resetAfterMs,
              rejected: fired,
            }
          : null,
    };
  } catch (error) {
    throw new Error(`fault ${fault.id}, ${fault.kind}, could not be played`, { cause: error });
  }
}

function inject(stage: Stage, fault: PlannedFault): Promise<Injected> {
  switch (fault.kind) {
    case 'worker.kill':
    case 'worker.pause':
    case 'worker.stop':
      return disturbWorker(stage, fault);
    case 'api.kill':
    case 'api.pause':
      return disturbApi(stage, fault);
    case 'redis.kill':
    case 'redis.restart':
    case 'redis.pause':
    case 'redis.lose_queue':
    case 'redis.cut_tail':
    case 'redis.failover':
      return disturbRedis(stage, fault);
    case 'link.cut':
    case 'link.freeze':
    case 'link.refuse':
    case 'link.delay':
    case 'link.reset_after':
    case 'link.drop_answers':
      return disturbLink(stage, fault);
    default:
      return disturbX(stage, fault);
  }
}

function isStorm(
  fault: PlannedFault,
): fault is PlannedFault & XFault & { effect: { rateLimit: { resetAfterMs: number } } } {
  return 'effect' in fault && 'rateLimit' in fault.effect;
}
