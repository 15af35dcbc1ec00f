import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Accounts, OAuth1Token } from '../accounts.ts';

const MAX_SKEW_MS = 5 * 60_000;

export type OAuth1Verdict =
  | { ok: true; token: OAuth1Token }
  | { ok: false; why: 'bad_timestamp' | 'bad_signature' | 'replayed' | 'unknown' | 'malformed' };

export interface SignedRequest {
  method: string;
  /** Without the query. */
  url: string;
  authorization: string;
  /** Query parameters and, for form bodies only, the body's. */
  parameters: Iterable<[string, string]>;
}

/** The fields of an `Authorization: OAuth ...` header. */
function readOAuth1Header(authorization: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, key, value] of authorization.slice('OAuth '.length).matchAll(/\s*([^=,\s]+)="([^"]*)"/g))
    fields.set(decodeURIComponent(key ?? ''), decodeURIComponent(value ?? ''));
  return fields;
}

/** Verifies OAuth 1.0a signatures (HMAC-SHA1), timestamps (5 minutes) and nonces (once each). */
export function createOAuth1Verifier(accounts: Pick<Accounts, 'oauth1Tokens'>) {
  const nonces = new Map<string, number>();

  function isReplay(key: string, now: number): boolean {
    if (nonces.has(key)) return true;
    nonces.set(key, now);
    // Insertion order is time order: forget from the front what the timestamp check refuses anyway.
    for (const [oldKey, seenAt] of nonces) {
      if (seenAt > now - 2 * MAX_SKEW_MS) break;
      nonces.delete(oldKey);
    }
    return false;
  }

  return {
    verify(request: SignedRequest, now: number, mode: 'verify' | 'unchecked'): OAuth1Verdict {
      const fields = readOAuth1Header(request.authorization);
      const token = accounts.oauth1Tokens.get(fields.get('oauth_token') ?? '');
      if (token === undefined || token.app.consumerKey !== fields.get('oauth_consumer_key'))
        return { ok: false, why: 'unknown' };
      if (mode === 'unchecked') return { ok: true, token };
      const nonce = fields.get('oauth_nonce');
      const timestamp = Number(fields.get('oauth_timestamp'));
      if (
        nonce === undefined ||
        !Number.isInteger(timestamp) ||
        fields.get('oauth_signature_method') !== 'HMAC-SHA1' ||
        (fields.get('oauth_version') ?? '1.0') !== '1.0'
      )
        return { ok: false, why: 'malformed' };
      if (Math.abs(timestamp * 1000 - now) > MAX_SKEW_MS) return { ok: false, why: 'bad_timestamp' };
      const expected = sign(request, fields, token);
      const given = Buffer.from(fields.get('oauth_signature') ?? '', 'base64');
      if (given.length !== expected.length || !timingSafeEqual(given, expected))
        return { ok: false, why: 'bad_signature' };
      if (isReplay(`${token.token} ${timestamp} ${nonce}`, now)) return { ok: false, why: 'replayed' };
      return { ok: true, token };
    },
  };
}

function sign(request: SignedRequest, fields: Map<string, string>, token: OAuth1Token): Buffer {
  const pairs = [...request.parameters, ...fields]
    .filter(([key]) => key !== 'oauth_signature' && key !== 'realm')
    .map(([key, value]) => [encode(key), encode(value)] as const)
    .sort(([aKey, aValue], [bKey, bValue]) => compare(aKey, bKey) || compare(aValue, bValue));
  const parameters = pairs.map(([key, value]) => `${key}=${value}`).join('&');
  const base = `${request.method}&${encode(request.url)}&${encode(parameters)}`;
  return createHmac('sha1', `${encode(token.app.consumerSecret)}&${encode(token.tokenSecret)}`)
    .update(base)
    .digest();
}

/** RFC 3986: also `! * ' ( )`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
