import { faultSchema, isArrival } from './fault.ts';
import type { FaultEffect, FaultInput, ScriptedFault } from './fault.ts';

/** What is known of a request when faults are looked for. */
export interface FaultTarget {
  operation: string;
  userId?: string | undefined;
  mediaIds: readonly string[];
  segmentIndex?: number | undefined;
  text?: string | undefined;
}

/** The faults of a run, in the order of their scripting; the first that matches fires. */
export interface FaultScript {
  /** Adds a fault and returns its id. Throws a ZodError on one that makes no sense. */
  add(fault: FaultInput): string;
  list(): ScriptedFault[];
  /** Takes one out, and returns it with how often it has fired. */
  remove(id: string): ScriptedFault | undefined;
  clear(): void;
  /** Whether a request to this operation could be cut off, and whether only its body tells. */
  arrivalNeeds(operation: string): 'nothing' | 'head' | 'body';
  /** The effect of the first live fault of a kind that matches; counts the request against it. */
  take<E extends FaultEffect>(
    isKind: (effect: FaultEffect) => effect is E,
    target: FaultTarget,
  ): E | undefined;
  /** Delays of all live faults that match, added up. */
  takeDelayMs(target: FaultTarget): number;
}

interface Entry {
  fault: ScriptedFault;
  matched: number;
}

export function createFaultScript(changed: () => void): FaultScript {
  let entries: Entry[] = [];
  let count = 0;

  /** Counts the request against the entry; true when it fires. */
  function fires(entry: Entry): boolean {
    const { fault } = entry;
    const times = fault.times ?? 1;
    if (times !== 'always' && fault.fired >= times) return false;
    entry.matched += 1;
    if (entry.matched <= (fault.skip ?? 0)) return false;
    fault.fired += 1;
    changed();
    return true;
  }

  return {
    add(input) {
      const parsed = faultSchema.parse(input);
      const id = parsed.id ?? `fault-${++count}`;
      entries.push({ fault: { ...parsed, id, fired: 0 }, matched: 0 });
      changed();
      return id;
    },
    list: () => entries.map((entry) => ({ ...entry.fault })),
    remove(id) {
      const removed = entries.find(({ fault }) => fault.id === id);
      entries = entries.filter((entry) => entry !== removed);
      changed();
      return removed?.fault;
    },
    clear() {
      entries = [];
      changed();
    },
    arrivalNeeds(operation) {
      const cuts = entries.filter(
        ({ fault }) => isArrival(fault.do) && operationMatches(fault.on.operation, operation),
      );
      if (cuts.length === 0) return 'nothing';
      const needsBody = cuts.some(
        ({ fault }) => fault.on.segmentIndex !== undefined || fault.on.textIncludes !== undefined,
      );
      return needsBody ? 'body' : 'head';
    },
    take(isKind, target) {
      for (const entry of entries) {
        const effect = entry.fault.do;
        if (isKind(effect) && matches(entry.fault, target) && fires(entry)) return effect;
      }
      return undefined;
    },
    takeDelayMs(target) {
      let delayMs = 0;
      for (const entry of entries) {
        const effect = entry.fault.do;
        if ('delayMs' in effect && matches(entry.fault, target) && fires(entry)) delayMs += effect.delayMs;
      }
      return delayMs;
    },
  };
}

function matches(fault: ScriptedFault, target: FaultTarget): boolean {
  const { on } = fault;
  return (
    operationMatches(on.operation, target.operation) &&
    (on.userId === undefined || on.userId === target.userId) &&
    (on.mediaId === undefined || target.mediaIds.includes(on.mediaId)) &&
    (on.segmentIndex === undefined || on.segmentIndex === target.segmentIndex) &&
    (on.textIncludes === undefined || (target.text?.includes(on.textIncludes) ?? false))
  );
}

function operationMatches(pattern: string, operation: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? operation.startsWith(pattern.slice(0, -1)) : pattern === operation;
}
