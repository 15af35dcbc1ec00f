import type { Caller } from '../access/permit.ts';
import type { Body } from './body.ts';

/** A request that has been let in, as endpoints see it. */
export interface Call {
  operation: string;
  params: Readonly<Record<string, string>>;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | undefined>>;
  body: Body;
  caller: Caller;
  /** Epoch ms on the simulator's clock. */
  now: number;
  /** Epoch ms of the machine's clock at which the request arrived. */
  receivedAt: number;
}
