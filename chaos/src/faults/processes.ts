import { setTimeout as wait } from 'node:timers/promises';
import type { ApiFault, WorkerFault } from '../plan/vocabulary.ts';
import type { Ended, Injected, Stage } from './stage.ts';

/** A worker that nobody is seen at by then is taken as it is. */
const AIM_TIMEOUT_MS = 8_000;
/** The 25 s of grace that a worker has, and the longest pause that it may be in. */
const STOP_LIMIT_MS = 45_000;

export async function disturbWorker(stage: Stage, fault: WorkerFault): Promise<Injected> {
  const { fleet, sightings } = stage;
  const seen =
    fault.aim === null ? undefined : await sightings.next(fault.aim, { timeoutMs: AIM_TIMEOUT_MS });
  const place = (seen && fleet.placeOf(seen.worker)) ?? fault.worker;
  const worker = fleet.at(place);
  const target = seen ? `${worker.name} at ${seen.aim} of ${seen.postId}` : worker.name;
  switch (fault.kind) {
    case 'worker.kill':
      worker.kill('SIGKILL');
      return { target, worker: worker.name, end: () => replace(fleet, place) };
    case 'worker.stop':
      worker.kill('SIGTERM');
      return {
        target,
        worker: worker.name,
        async end() {
          const ended = worker.exited.then(() => true);
          const neverStopped = !(await Promise.race([ended, wait(STOP_LIMIT_MS, false, { ref: false })]));
          if (neverStopped) worker.kill('SIGKILL');
          await replace(fleet, place);
          return { neverStopped };
        },
      };
    case 'worker.pause':
      worker.kill('SIGSTOP');
      return {
        target,
        worker: worker.name,
        async end() {
          worker.kill('SIGCONT');
          return {};
        },
      };
  }
}

export async function disturbApi({ stack }: Stage, fault: ApiFault): Promise<Injected> {
  const { process } = stack.api;
  switch (fault.kind) {
    case 'api.kill':
      process.kill('SIGKILL');
      return {
        target: 'api',
        async end() {
          await process.exited;
          await stack.restartApi();
          return {};
        },
      };
    case 'api.pause':
      process.kill('SIGSTOP');
      return {
        target: 'api',
        async end() {
          process.kill('SIGCONT');
          return {};
        },
      };
  }
}

async function replace(fleet: Stage['fleet'], place: number): Promise<Ended> {
  await fleet.replace(place);
  return {};
}
