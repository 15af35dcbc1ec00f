import type { ServerResponse } from 'node:http';
import type { World } from '../world.ts';
import type { Reply } from './reply.ts';

let transactions = 0;

/** Sends a reply with the headers that X puts on every answer; returns what was sent. */
export function send(world: World, res: ServerResponse, reply: Reply, startedAt: number) {
  const isText = typeof reply.body === 'string';
  const body =
    typeof reply.body === 'string' ? reply.body : reply.body === undefined ? '' : JSON.stringify(reply.body);
  const headers: Record<string, string> = {
    // By the simulator's clock, as the resets of its limits are.
    date: new Date(world.clock.now()).toUTCString(),
    'x-transaction-id': (++transactions).toString(16).padStart(16, '0'),
    'x-response-time': String(Math.round(performance.now() - startedAt)),
    'api-version': world.config.vocabulary === 'old' ? '2.166' : '2.167',
    'x-access-level': 'read-write',
    ...(body === ''
      ? {}
      : { 'content-type': reply.contentType ?? (isText ? 'text/plain' : 'application/json; charset=utf-8') }),
    ...(reply.status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...reply.headers,
  };
  res.writeHead(reply.status, headers).end(body);
  return { headers, body };
}
