import type { FaultRecord } from './faults/stage.ts';
import type { Take } from './sightings.ts';

/**
 * How long it took until work went on, by fault id, in ms: after a worker was killed or paused, until the last post that it had in hand
 * was taken by another; after a fault of Redis had begun, until any post moved again.
 */
export function findRecoveries(
  faults: readonly FaultRecord[],
  takes: readonly Take[],
  moves: readonly number[],
): Map<number, number> {
  const recoveries = new Map<number, number>();
  for (const fault of faults) {
    const recovered = fault.kind.startsWith('redis.')
      ? moves.find((at) => at >= fault.to)
      : fault.kind === 'worker.kill' || fault.kind === 'worker.pause'
        ? lastTakeOver(fault, takes)
        : undefined;
    if (recovered !== undefined) recoveries.set(fault.id, recovered - fault.from);
  }
  return recoveries;
}

function lastTakeOver({ disturbance, from }: FaultRecord, takes: readonly Take[]): number | undefined {
  const handedOver = takes.filter((take, index) => {
    if (!take.abandoned || take.at < from || take.worker === disturbance?.worker) return false;
    const before = takes.slice(0, index).findLast(({ postId }) => postId === take.postId);
    return before?.worker === disturbance?.worker && (before?.at ?? 0) <= from;
  });
  return handedOver.at(-1)?.at;
}
