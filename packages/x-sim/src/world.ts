import type { Accounts } from './accounts.ts';
import type { SimClock } from './clock.ts';
import type { SimConfig } from './config.ts';
import type { FaultScript } from './faults/script.ts';
import type { RateLimits } from './access/limits.ts';
import type { Grants } from './access/grants.ts';
import type { Parking } from './media/parking.ts';
import type { Upload } from './media/upload.ts';
import type { PostedTexts } from './posts/duplicates.ts';
import type { Post } from './posts/post.ts';

/** Everything the simulator knows. Endpoints read and change it; each change is announced with `changed`. */
export interface World {
  config: SimConfig;
  readonly clock: Pick<SimClock, 'now'>;
  readonly accounts: Accounts;
  readonly grants: Grants;
  readonly limits: RateLimits;
  readonly faults: FaultScript;
  readonly parking: Parking;
  readonly uploads: Map<string, Upload>;
  readonly uploadsByKey: Map<string, Upload>;
  readonly posts: Map<string, Post>;
  /** Posts of each user in the order of their ids. */
  readonly postsByUser: Map<string, Post[]>;
  readonly postedTexts: PostedTexts;
  /** How often each operation answered with each status. */
  readonly requests: Record<string, Record<string, number>>;
  /** Dollars spent so far, set against `config.creditsUsd`. */
  spentUsd: number;
  newId(): string;
  changed(): void;
}
