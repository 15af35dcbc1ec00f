import type { Caller } from '../access/permit.ts';
import type { User } from '../accounts.ts';
import type { World } from '../world.ts';
import type { Body } from './body.ts';
import { refuseBlank, refuseInvalid } from './problems.ts';

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

/** The user of a call to an endpoint that admits users only. */
export function userOf(call: Call): User {
  return call.caller.user ?? refuseBlank(403);
}

/** The JSON body of a call, or 400. */
export function jsonBody(world: World, call: Call): unknown {
  const { body } = call;
  if (body.kind === 'json') return body.value;
  if (body.kind === 'none') return {};
  return refuseInvalid(
    world.config.vocabulary,
    body.kind === 'broken' ? body.why : 'Requests with bodies must have content-type of application/json.',
  );
}
