import type { Server } from 'node:http';
import { afterEach, test } from 'vitest';
import { serveHealth } from '../src/health.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(check: () => Promise<void>): Promise<string> {
  const server = await serveHealth(0, check, 50);
  servers.push(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

test('GET /healthz says whether the worker is well, and nothing else is served', async ({ expect }) => {
  let well = true;
  const url = await serve(async () => {
    if (!well) throw new Error('Redis does not answer');
  });
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(url + path, { method });
    return [response.status, await response.text()];
  };
  expect(await ask('/healthz')).toEqual([200, '{"status":"ok"}']);
  well = false;
  expect(await ask('/healthz')).toEqual([503, '{"status":"unavailable"}']);
  expect(await ask('/healthz', 'POST')).toEqual([404, '']);
  expect(await ask('/metrics')).toEqual([404, '']);
});

test('a check that does not end is a bad answer', async ({ expect }) => {
  const url = await serve(() => new Promise(() => {}));
  expect((await fetch(`${url}/healthz`)).status).toBe(503);
});
