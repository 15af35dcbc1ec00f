/** Thrown at the moment of death, and at every later one: a dead process does nothing any more. */
export class Death extends Error {
  override readonly name = 'Death';
}

/** The life of a worker that may be told when to die. */
export interface Life {
  /** Marks a moment at which a process can die; throws `Death` when it does, or is dead already. */
  pass(moment: string): void;
  /** The moments lived through, in order; the last one is that of death. */
  readonly moments: readonly string[];
  readonly isOver: boolean;
}

/** A life that ends at its moment number `endsAt`, counted from 0; null never ends. */
export function lifeUntil(endsAt: number | null): Life {
  const moments: string[] = [];
  let isOver = false;
  return {
    moments,
    get isOver() {
      return isOver;
    },
    pass(moment) {
      if (!isOver) moments.push(moment);
      if (endsAt !== null && moments.length > endsAt) isOver = true;
      if (isOver) throw new Death(`died at moment ${moments.length - 1}: ${moments.at(-1)}`);
    },
  };
}
