import { type Server, createServer } from 'node:http';
import { once } from 'node:events';

/** GET /healthz for whoever watches the process; `check` rejects when it is not well. */
export async function serveHealth(port: number, check: () => Promise<void>): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/healthz') {
      response.writeHead(404).end();
      return;
    }
    check().then(
      () => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"ok"}'),
      () => response.writeHead(503, { 'content-type': 'application/json' }).end('{"status":"unavailable"}'),
    );
  });
  server.listen(port);
  await once(server, 'listening');
  return server;
}
