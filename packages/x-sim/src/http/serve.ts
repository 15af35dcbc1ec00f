import type { IncomingMessage, ServerResponse } from 'node:http';
import { bill, requireCredits } from '../access/credits.ts';
import { identify } from '../access/identify.ts';
import type { Identity } from '../access/identify.ts';
import { createOAuth1Verifier } from '../access/oauth1.ts';
import { permit } from '../access/permit.ts';
import type { Caller } from '../access/permit.ts';
import { faultAnswer, v1RateLimited } from '../faults/answers.ts';
import { isAfter, isArrival, isBefore } from '../faults/fault.ts';
import type { World } from '../world.ts';
import { maxBodyBytes, mediaBytesOf } from './body-size.ts';
import { createBuffers } from './buffers.ts';
import { parseContent, readBody } from './body.ts';
import type { Body } from './body.ts';
import type { Call } from './call.ts';
import { blankProblem } from './problems.ts';
import { Refusal } from './reply.ts';
import type { Reply } from './reply.ts';
import { findRoute } from './routes.ts';
import type { Route } from './routes.ts';
import { send } from './send.ts';
import { peekTarget, targetOf } from './target.ts';

/** One request and what was done with it; `status` is a word when no answer was sent. */
export interface Exchange {
  operation: string;
  method: string;
  path: string;
  status: number | 'reset' | 'dropped' | 'hung' | 'aborted';
  headers: Record<string, string>;
  /** The body of the answer as it was sent. */
  body: string;
}

type Outcome = { reply: Reply } | { silent: 'reset' | 'dropped' | 'hung' | 'aborted' };

/** Serves X's endpoints: faults, credentials, limits, then the endpoint itself. */
export function createService(world: World, onExchange: ((exchange: Exchange) => void) | undefined) {
  const oauth1 = createOAuth1Verifier(world.accounts);
  const buffers = createBuffers();

  async function respond(req: IncomingMessage, url: string, path: string, query: URLSearchParams) {
    const receivedAt = Date.now();
    const { route, params } = findRoute(req.method ?? 'GET', path);
    const outcome = await run(req, { route, params, url, query, receivedAt });
    return { route, outcome };
  }

  interface Arrival {
    route: Route;
    params: Record<string, string>;
    url: string;
    query: URLSearchParams;
    receivedAt: number;
  }

  async function run(req: IncomingMessage, arrival: Arrival): Promise<Outcome> {
    const { operation } = arrival.route;
    const cut = await takeArrivalFault(req, arrival);
    if (cut === 'now') return { silent: 'reset' };

    const maxBytes = maxBodyBytes(world, operation, req.headers['content-type']);
    const read = await readBody(req, { maxBytes, cutAtBytes: cut }, buffers);
    // A body shorter than the cut is cut at its end.
    if (read.end === 'whole' && cut !== undefined) {
      read.release();
      return { silent: 'reset' };
    }
    if (read.end !== 'whole') {
      if (operation === 'media.append') countBrokenAppend(arrival.params['id'], read.received);
      if (read.end === 'cut') return { silent: 'reset' };
      if (read.end === 'aborted') return { silent: 'aborted' };
      return { reply: { status: 413, headers: { connection: 'close' } } };
    }
    try {
      return await handle(req, arrival, read.bytes);
    } finally {
      read.release();
    }
  }

  async function handle(req: IncomingMessage, arrival: Arrival, bytes: Buffer): Promise<Outcome> {
    const { route, params, query } = arrival;
    const { operation } = route;
    const body = parseContent(req.headers['content-type'], bytes);
    if (operation === 'media.append') countAppend(params['id'], body, bytes.length);
    const identity = identifyCaller(req, arrival, body);
    const target = targetOf({ operation, params, query, body, identity });
    target.userId ??= refreshingUserId(body);

    const delayMs = world.faults.takeDelayMs(target);
    if (delayMs > 0) await sleep(delayMs, req);
    const before = world.faults.take(isBefore, target);
    if (before !== undefined && 'hang' in before) return { silent: 'hung' };
    if (before !== undefined && 'answer' in before)
      return { reply: faultAnswer(before.answer, world.config, world.clock.now()) };

    const callerHeaders: Record<string, string> = {};
    try {
      const caller = admit(route, identity, callerHeaders);
      const call: Call = {
        operation,
        params,
        query,
        headers: singleHeaders(req),
        body,
        caller,
        now: world.clock.now(),
        receivedAt: arrival.receivedAt,
      };
      const reply = route.handle(world, call);
      bill(world, operation, target.text);
      const after = reply.status < 300 ? world.faults.take(isAfter, target) : undefined;
      if (after === undefined) return { reply: withHeaders(reply, callerHeaders) };
      if ('acceptThenDrop' in after) return { silent: 'dropped' };
      if ('acceptThenHang' in after) return { silent: 'hung' };
      return { reply: faultAnswer(after.acceptThenAnswer, world.config, world.clock.now()) };
    } catch (error) {
      if (error instanceof Refusal) return { reply: withHeaders(error.reply, callerHeaders) };
      throw error;
    }
  }

  /** A cut that a fault asks for: at once, or after so many body bytes. */
  async function takeArrivalFault(
    req: IncomingMessage,
    arrival: Arrival,
  ): Promise<'now' | number | undefined> {
    const { operation } = arrival.route;
    const needs = world.faults.arrivalNeeds(operation);
    if (needs === 'nothing') return undefined;
    const target =
      needs === 'body'
        ? await peekTarget(req, arrival)
        : targetOf({ ...arrival, operation, body: { kind: 'none' }, identity: undefined });
    const userId = bearerUserId(req);
    const effect = world.faults.take(isArrival, { ...target, userId });
    if (effect === undefined) return undefined;
    return 'resetBeforeReading' in effect ? 'now' : effect.resetAfterBytes;
  }

  /** The user of the request without using up an OAuth 1.0a nonce. */
  function bearerUserId(req: IncomingMessage): string | undefined {
    const header = req.headers.authorization ?? '';
    const bearer = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
    if (bearer !== undefined) return world.grants.accessToken(bearer)?.userId ?? undefined;
    const token = /oauth_token="([^"]*)"/.exec(header)?.[1];
    return token === undefined
      ? undefined
      : world.accounts.oauth1Tokens.get(decodeURIComponent(token))?.userId;
  }

  /** Whose refresh token a form carries, so that faults of the token endpoint can name a user. */
  function refreshingUserId(body: Body): string | undefined {
    if (body.kind !== 'form') return undefined;
    return world.grants.refreshToken(body.value.get('refresh_token') ?? '')?.userId;
  }

  function identifyCaller(req: IncomingMessage, arrival: Arrival, body: Body): Identity {
    return identify(world, oauth1, {
      method: req.method ?? 'GET',
      url: arrival.url,
      authorization: req.headers.authorization,
      query: arrival.query,
      form: body.kind === 'form' ? body.value : undefined,
    });
  }

  /** Lets the caller in, or refuses. Fills in the headers about the caller as soon as they are known. */
  function admit(route: Route, identity: Identity, callerHeaders: Record<string, string>): Caller {
    if (route.auth.length === 0) return { user: null, appId: '' };
    const caller = permit(world, identity, route);
    if (caller.accessLevel !== undefined) callerHeaders['x-access-level'] = caller.accessLevel;
    const verdict = world.limits.spend(
      route.operation,
      { userId: caller.user?.id ?? null, appId: caller.appId },
      world.clock.now(),
      world.config.limits,
    );
    Object.assign(callerHeaders, verdict.headers);
    if (!verdict.allowed)
      throw new Refusal(world.config.limits.body === 'v1' ? v1RateLimited() : blankProblem(429));
    requireCredits(world, caller.appId);
    return caller;
  }

  function countBrokenAppend(mediaId: string | undefined, bytes: number): void {
    const upload = world.uploads.get(mediaId ?? '');
    if (upload === undefined) return;
    upload.bytesReceived += bytes;
    world.changed();
  }

  function countAppend(mediaId: string | undefined, body: Body, bodyBytes: number): void {
    const upload = world.uploads.get(mediaId ?? '');
    if (upload === undefined) return;
    upload.bytesReceived += mediaBytesOf(body) ?? bodyBytes;
    world.changed();
  }

  return async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const startedAt = performance.now();
    const [path, search] = splitOnce(req.url ?? '/', '?');
    const url = `http://${req.headers.host ?? 'localhost'}${path}`;
    const { route, outcome } = await respond(req, url, path, new URLSearchParams(search));
    const sent = 'reply' in outcome ? send(world, res, outcome.reply, startedAt) : { headers: {}, body: '' };
    const status = 'reply' in outcome ? outcome.reply.status : outcome.silent;
    if (status === 'reset' || status === 'dropped') req.socket.resetAndDestroy();
    count(world, route.operation, status);
    onExchange?.({ operation: route.operation, method: req.method ?? 'GET', path, status, ...sent });
    world.changed();
    if (status === 'hung') await gone(req);
  };
}

function count(world: World, operation: string, status: number | string): void {
  const counts = (world.requests[operation] ??= {});
  counts[status] = (counts[status] ?? 0) + 1;
}

function withHeaders(reply: Reply, headers: Record<string, string>): Reply {
  return { ...reply, headers: { ...headers, ...reply.headers } };
}

function singleHeaders(req: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(req.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Waits `ms` or until the client is gone. */
function sleep(ms: number, req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      req.socket.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    req.socket.once('close', done);
  });
}

function gone(req: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (req.socket.destroyed) resolve();
    else req.socket.once('close', () => resolve());
  });
}
