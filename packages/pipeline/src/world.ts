import type { XClient } from '@slipway/x-media';
import type { Accounts } from './accounts.ts';
import type { Policy } from './core/index.ts';
import type { Quota } from './quota.ts';
import type { Objects } from './perform/objects.ts';

/** Everything outside that the pipeline touches, and the only way it does. */
export interface World {
  x: XClient;
  objects: Objects;
  accounts: Accounts;
  quota: Quota;
  policy: Policy;
  clock: Clock;
  /** In [0, 1); for jitter. */
  random: () => number;
}

/** Epoch milliseconds. Tests move it. */
export interface Clock {
  now: () => number;
}
