import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { appInputSchema, userInputSchema } from './accounts.ts';
import { faultSchema } from './faults/fault.ts';
import { createBuffers } from './http/buffers.ts';
import { readBody } from './http/body.ts';
import type { Sim } from './sim.ts';

const MAX_BODY_BYTES = 1024 * 1024;

const clockSchema = z.strictObject({
  advanceMs: z.number().min(0).optional(),
  frozen: z.boolean().optional(),
});

/** The powers of `Sim` over HTTP, under /_sim/. `configure` checks what it is given. */
export function createAdmin(
  sim: Sim,
  configure: (patch: unknown) => void,
): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const buffers = createBuffers();
  const actions: Record<string, (input: unknown, query: URLSearchParams) => unknown> = {
    'GET /_sim/health': () => ({ ok: true, now: sim.clock.now() }),
    'GET /_sim/ledger': (_input, query) => sim.ledger(query.get('userId') ?? undefined),
    'POST /_sim/users': (input) => sim.addUser(userInputSchema.parse(input)),
    'POST /_sim/apps': (input) => sim.addApp(appInputSchema.parse(input)),
    'GET /_sim/faults': () => sim.faults.list(),
    'POST /_sim/faults': (input) => ({ id: sim.faults.script(faultSchema.parse(input)) }),
    'DELETE /_sim/faults': (_input, query) => {
      const id = query.get('id');
      if (id === null) {
        sim.faults.clear();
        return {};
      }
      const removed = sim.faults.remove(id);
      if (removed === undefined) throw new Error(`there is no fault ${id}`);
      return removed;
    },
    'GET /_sim/config': () => sim.config(),
    'PATCH /_sim/config': (input) => {
      configure(input);
      return sim.config();
    },
    'POST /_sim/clock': (input) => {
      const { advanceMs, frozen } = clockSchema.parse(input);
      if (frozen === true) sim.clock.freeze();
      if (advanceMs !== undefined) sim.clock.advance(advanceMs);
      if (frozen === false) sim.clock.resume();
      return { now: sim.clock.now() };
    },
    'POST /_sim/reset': () => {
      sim.reset();
      return {};
    },
  };

  return async (req, res) => {
    const url = new URL(req.url ?? '/', 'http://sim');
    const action = actions[`${req.method} ${url.pathname}`];
    if (action === undefined) {
      sendJson(res, 404, { error: `no such action; there are: ${Object.keys(actions).join(', ')}` });
      return;
    }
    const read = await readBody(req, { maxBytes: MAX_BODY_BYTES }, buffers);
    if (read.end !== 'whole') {
      sendJson(res, 413, { error: 'the body is too large or broke off' });
      return;
    }
    try {
      const input: unknown = read.bytes.length === 0 ? {} : JSON.parse(read.bytes.toString('utf8'));
      sendJson(res, 200, action(input, url.searchParams));
    } catch (error) {
      sendJson(res, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  };
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
