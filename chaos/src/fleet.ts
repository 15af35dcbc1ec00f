import type { LocalProcess, Stack } from '@slipway/local';

/** The workers by their places: who dies is replaced by another process in the same place. */
export interface Fleet {
  at(place: number): LocalProcess;
  placeOf(workerName: string): number | undefined;
  /** Starts a new worker in this place, once the old one has ended. */
  replace(place: number): Promise<LocalProcess>;
}

const TRIES = 3;

export function createFleet(stack: Stack): Fleet {
  const places = [...stack.workers];
  /** Two faults may end the same worker; one other takes its place. */
  const replacing = new Map<number, Promise<LocalProcess>>();

  const startAnew = async (place: number): Promise<LocalProcess> => {
    await places[place]?.exited;
    for (let tries = 1; ; tries += 1) {
      try {
        const worker = await stack.startWorker();
        places[place] = worker;
        return worker;
      } catch (error) {
        // Redis may be away just then, as it may be for any supervisor that starts a worker again.
        if (tries === TRIES) throw error;
      }
    }
  };

  return {
    at(place) {
      const worker = places[place];
      if (!worker) throw new Error('there are no workers');
      return worker;
    },
    placeOf(name) {
      const place = places.findIndex((worker) => worker.name === name);
      return place < 0 ? undefined : place;
    },
    replace(place) {
      const under = replacing.get(place) ?? startAnew(place).finally(() => replacing.delete(place));
      replacing.set(place, under);
      return under;
    },
  };
}
