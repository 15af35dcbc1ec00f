import { type Server, createServer } from 'node:http';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** Who watches a process waits a second or a few; a check that takes longer has its answer. */
const TIMEOUT_MS = 1_000;

/** GET /healthz for whoever watches the process; `check` rejects, or does not resolve in time, when it is not well. */
export async function serveHealth(
  port: number,
  check: () => Promise<void>,
  timeoutMs = TIMEOUT_MS,
): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/healthz') {
      response.writeHead(404).end();
      return;
    }
    Promise.race([check(), late(timeoutMs)]).then(
      () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}'),
      () => response.writeHead(503, { 'content-type': 'application/json' }).end('{"status":"unavailable"}'),
    );
  });
  server.listen(port);
  await once(server, 'listening');
  return server;
}

async function late(timeoutMs: number): Promise<never> {
  await pause(timeoutMs, undefined, { ref: false });
  throw new Error(`no answer within ${timeoutMs} ms`);
}
