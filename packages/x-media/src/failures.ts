import type { Authority } from './authorize.ts';
import { adviseRetry, codeOfStatus } from './classify.ts';
import type { Endpoint } from './endpoints.ts';
import { nameEndpoint } from './endpoints.ts';
import { readErrorBody } from './error-body.ts';
import type { ErrorBody } from './error-body.ts';
import type { Reach, RetryAdvice, XErrorCode, XErrorDetails } from './errors.ts';
import { XError } from './errors.ts';
import type { HttpResponse } from './exchange.ts';
import { compact } from './lenient.ts';
import { nextResetAt } from './rate-limits.ts';
import type { ReadHeader } from './rate-limits.ts';
import type { XResponse } from './result.ts';

/** What an error needs to know of the call it ended. */
export interface CallContext {
  endpoint: Endpoint;
  authority: Authority;
  now: () => number;
}

const SNIPPET_CHARACTERS = 500;
/** Shorter strings are no tokens, and striking them out would mangle ordinary words. */
const MIN_SECRET_CHARACTERS = 8;

/** The call was refused here, before anything was sent. */
export function invalidInput(endpoint: Endpoint, field: string, explanation: string): XError {
  const details = unanswered(endpoint, 'invalid_input', 'not_sent', { advice: 'never' });
  return new XError({ ...details, field }, { explanation: `${field} ${explanation}` });
}

/** No answer came. */
export function noAnswer(
  { endpoint, authority }: CallContext,
  { code, written, cause }: { code: XErrorCode; written: boolean; cause: unknown },
): XError {
  const reach = written ? 'unknown' : 'not_sent';
  const retry = adviseRetry({ code, endpoint, reach, refreshable: authority.refreshable });
  return new XError(unanswered(endpoint, code, reach, retry), { cause, explanation: explain(cause) });
}

function unanswered(endpoint: Endpoint, code: XErrorCode, reach: Reach, retry: RetryAdvice): XErrorDetails {
  return {
    code,
    endpoint: nameEndpoint(endpoint),
    reach,
    retry,
    messages: [],
    legacyCodes: [],
    parameters: {},
    rateLimits: {},
    fromX: false,
  };
}

/** Node's AggregateError (every address refused) has a code and no message. */
function explain(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  return 'code' in cause ? String(cause.code) : cause.name;
}

/** An answer came and it is a refusal, or a success without what it must carry (`code` given). */
export function refusal(
  { endpoint, authority, now }: CallContext,
  { response, info, header }: { response: HttpResponse; info: XResponse; header: ReadHeader },
  code?: XErrorCode,
): XError {
  const { status } = response;
  const body = readErrorBody(response.body);
  const fromX = body.known || bearsXHeaders(header);
  const actual = code ?? codeOfStatus(status, body);
  const resetAt = nextResetAt(info.rateLimits, now()) ?? readRetryAfter(header('retry-after'), now());
  const { refreshable } = authority;
  const strike = (text: string) => strikeOut(text, authority.secrets);
  const snippet = snippetOf(endpoint, body, response.body);
  return new XError(
    compact({
      code: actual,
      endpoint: nameEndpoint(endpoint),
      reach: 'answered' as const,
      retry: adviseRetry({ code: actual, endpoint, reach: 'answered', refreshable, status, fromX, resetAt }),
      status,
      messages: body.messages.map(strike),
      title: body.title,
      problemSlug: body.slug,
      reason: body.reason,
      oauthError: body.oauthError,
      legacyCodes: body.legacyCodes,
      parameters: mapValues(body.parameters, (values) => values.map(strike)),
      rateLimits: info.rateLimits,
      fromX,
      transactionId: info.transactionId,
      bodySnippet: snippet === undefined ? undefined : strike(snippet),
    }),
  );
}

/** The token endpoint's bodies carry tokens, also half-readable ones. */
function snippetOf(endpoint: Endpoint, body: ErrorBody, text: string): string | undefined {
  if (body.known || text === '' || endpoint.path.startsWith('/2/oauth2/')) return undefined;
  return text.slice(0, SNIPPET_CHARACTERS);
}

/** Headers that X's API sets and what stands in front of it does not. */
function bearsXHeaders(header: ReadHeader): boolean {
  return ['x-transaction-id', 'api-version', 'x-access-level', 'x-response-time', 'x-rate-limit-limit'].some(
    (name) => header(name) !== undefined,
  );
}

/** Not documented by X; gateways in front of it may send it, as seconds or as a date. */
function readRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  const at = /^\d{1,6}$/.test(value) ? now + Number(value) * 1000 : Date.parse(value);
  return at > now ? at : undefined;
}

/** An answer may quote what was sent. */
function strikeOut(text: string, secrets: string[]): string {
  return secrets
    .flatMap((secret) => (secret.length < MIN_SECRET_CHARACTERS ? [] : [secret, encodeURIComponent(secret)]))
    .reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text);
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
