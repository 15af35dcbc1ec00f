import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import type { Authority } from './authorize.ts';
import type { XClientOptions } from './client-types.ts';
import type { Endpoint } from './endpoints.ts';
import { nameEndpoint } from './endpoints.ts';
import type { XError } from './errors.ts';
import type { XErrorCode } from './errors.ts';
import { exchange } from './exchange.ts';
import { invalidInput, noAnswer, refusal } from './failures.ts';
import { compact, parseJson } from './lenient.ts';
import { percentEncode } from './oauth1.ts';
import { readRateLimits } from './rate-limits.ts';
import type { ReadHeader } from './rate-limits.ts';
import type { RequestBody } from './request-body.ts';
import type { CallOptions, Timeouts, XResponse } from './result.ts';

export interface Call {
  endpoint: Endpoint;
  /** Fills `{id}` of the path. */
  id?: string;
  query?: Record<string, string | number | undefined>;
  body?: RequestBody;
  authority: Authority;
  options?: CallOptions | undefined;
  /** Hears of the answer, whatever it is. */
  onResponse?: ((response: XResponse) => void) | undefined;
}

/** A 2xx answer. */
export interface Answer {
  /** Parsed JSON; undefined if the body is empty or not JSON. */
  body: unknown;
  isEmpty: boolean;
  info: XResponse;
  /** An error saying that this answer does not carry what it must. */
  reject(code: XErrorCode): XError;
}

export interface Transport {
  /** One request, never repeated. Resolves on 2xx, rejects with XError otherwise. */
  send: (call: Call) => Promise<Answer>;
  close: () => Promise<void>;
}

const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  callMs: 30_000,
  uploadMs: 120_000,
  createPostMs: 30_000,
  tokenMs: 60_000,
};

/** Longest delay a Node timer takes. */
const MAX_TIMEOUT_MS = 2_147_483_647;

export function createTransport(options: XClientOptions): Transport {
  const { origin, pathname } = new URL(options.baseUrl ?? 'https://api.x.com');
  const prefix = pathname.replace(/\/+$/, '');
  const userAgent = options.userAgent ?? 'slipway-x-media';
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const now = options.now ?? Date.now;
  const owned: Agent[] = [];
  const own = (): Agent => {
    // HTTP/1.1: see exchange.ts on resending; also, parallel segments get a connection each.
    const agent = new Agent({ allowH2: false, connect: { timeout: timeouts.connectMs } });
    owned.push(agent);
    return agent;
  };
  const shared: Dispatcher = options.dispatcher ?? own();
  // An agent of its own, whose connections close after one request: a create never meets a kept-alive connection
  // that the server is just closing, which would leave its outcome unknown for nothing.
  const publishing: Dispatcher = options.createPostDispatcher ?? options.dispatcher ?? own();

  async function send(call: Call): Promise<Answer> {
    try {
      return await attempt(call);
    } finally {
      call.body?.source?.release();
    }
  }

  async function attempt({
    endpoint,
    id,
    query,
    body,
    authority,
    options,
    onResponse,
  }: Call): Promise<Answer> {
    const context = { endpoint, authority, now };
    const path = prefix + fillPath(endpoint, id) + writeQuery(query);
    const timeoutMs = Math.min(options?.timeoutMs ?? timeouts[endpoint.timeout], MAX_TIMEOUT_MS);
    if (!(timeoutMs > 0)) throw invalidInput(endpoint, 'timeoutMs', 'must be more than 0');

    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': userAgent };
    const authorization = authority.authorize(
      compact({ method: endpoint.method, url: origin + path, form: body?.form }),
    );
    if (authorization !== undefined) {
      // Also keeps undici from failing on it with an error that looks like the network's.
      if (!/^[\t\x20-\x7e]+$/.test(authorization)) {
        throw invalidInput(endpoint, 'credentials', 'must be printable ASCII');
      }
      headers['authorization'] = authorization;
    }
    if (body !== undefined) {
      headers['content-type'] = body.contentType;
      headers['content-length'] = String(body.byteLength);
    }

    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(new Error(`No answer within ${timeoutMs} ms`)), timeoutMs);
    const signal =
      options?.signal === undefined ? clock.signal : AbortSignal.any([options.signal, clock.signal]);
    const result = await exchange(
      {
        dispatcher: endpoint.publishes === true ? publishing : shared,
        origin,
        path,
        method: endpoint.method,
        headers,
        body: body?.content ?? null,
        closeAfter: endpoint.publishes === true,
      },
      signal,
    ).finally(() => clearTimeout(timer));

    if (result.outcome === 'failure') {
      const { written } = result;
      const source = body?.source?.failure();
      // Aborting fails the media stream too, so ask the signals first.
      if (options?.signal?.aborted === true) {
        throw noAnswer(context, { code: 'aborted', written, cause: options.signal.reason });
      }
      if (clock.signal.aborted) throw noAnswer(context, { code: 'timeout', written, cause: result.error });
      if (source !== undefined)
        throw noAnswer(context, { code: 'source_error', written, cause: source.error });
      throw noAnswer(context, { code: written ? 'connection' : 'not_sent', written, cause: result.error });
    }

    const { response } = result;
    const header: ReadHeader = (name) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const info = readInfo(endpoint, response.status, header);
    onResponse?.(info);
    const answer = { response, info, header };
    if (response.status >= 300) throw refusal(context, answer);
    return {
      body: parseJson(response.body),
      isEmpty: response.body.trim() === '',
      info,
      reject: (code) => refusal(context, answer, code),
    };
  }

  let closing: Promise<unknown> | undefined;

  return {
    send,
    async close() {
      closing ??= Promise.all(owned.map((agent) => agent.close()));
      await closing;
    },
  };
}

function fillPath({ path }: Endpoint, id: string | undefined): string {
  return id === undefined ? path : path.replace('{id}', percentEncode(id));
}

function writeQuery(query: Call['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${percentEncode(name)}=${percentEncode(String(value))}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function readDate(value: string | undefined): number | undefined {
  const at = value === undefined ? NaN : Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}

function readInfo(endpoint: Endpoint, status: number, header: ReadHeader): XResponse {
  return compact({
    endpoint: nameEndpoint(endpoint),
    status,
    rateLimits: readRateLimits(header),
    date: readDate(header('date')),
    transactionId: header('x-transaction-id'),
    apiVersion: header('api-version'),
    accessLevel: header('x-access-level'),
  });
}
