import type { Stack } from '@slipway/local';
import type { Disturbance, Storm } from '../evidence.ts';
import type { Fleet } from '../fleet.ts';
import type { Links } from '../links.ts';
import type { Sightings } from '../sightings.ts';
import type { RedisSeat } from './redis-seat.ts';

/** What faults are done to. */
export interface Stage {
  readonly stack: Stack;
  readonly fleet: Fleet;
  readonly links: Links;
  readonly sightings: Sightings;
  readonly redis: RedisSeat;
}

/** A fault that has begun. */
export interface Injected {
  /** What it hit, by its name of the moment. */
  target: string;
  /** The worker that it concerns; null for all of them, undefined for none. */
  worker?: string | null;
  /** Ends it; resolves when what was broken is whole again. */
  end(): Promise<Ended>;
}

export interface Ended {
  /** How often X has done what it was told. */
  fired?: number;
  /** A worker that was told to stop had to be killed. */
  neverStopped?: boolean;
}

/** A fault as it really happened, in epoch ms. */
export interface FaultRecord {
  id: number;
  kind: string;
  target: string;
  from: number;
  to: number;
  fired: number | null;
  neverStopped: boolean;
  disturbance: Disturbance | null;
  storm: Storm | null;
}
