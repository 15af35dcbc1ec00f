import type { onRequestAsyncHookHandler } from 'fastify';
import { callerOf, type ApiKeys } from './api-keys.ts';
import { Problem } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Which key the request came with; empty where none is needed. */
    caller: string;
  }
}

/** Lets only requests with a known key pass; the others are answered before their body is read. */
export function createAuthenticator(keys: ApiKeys): onRequestAsyncHookHandler {
  return async (request) => {
    const key = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
    if (key !== undefined && keys.has(key)) {
      request.caller = callerOf(key);
      return;
    }
    const given = request.headers.authorization !== undefined;
    throw new Problem('unauthorized', {
      detail: given
        ? 'The key in the Authorization header is not known.'
        : 'The request has no Authorization header.',
      hint: 'Send "Authorization: Bearer sk_..." with a key of this server.',
      headers: { 'www-authenticate': `Bearer realm="slipway"${given ? ', error="invalid_token"' : ''}` },
    });
  };
}
