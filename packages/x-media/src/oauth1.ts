import { createHmac } from 'node:crypto';

export interface OAuth1Request {
  method: string;
  /** With its query, which is signed too. */
  url: string;
  /** Fields of an `application/x-www-form-urlencoded` body; JSON and multipart bodies are not signed. */
  form?: Record<string, string>;
  consumerKey: string;
  consumerSecret: string;
  accessToken: string;
  accessTokenSecret: string;
  /** Fresh for every attempt: X refuses one it has seen. */
  nonce: string;
  /** Epoch seconds; X refuses a clock that is minutes off. */
  timestampSecs: number;
}

/**
 * Signs a request by OAuth 1.0a HMAC-SHA1 and returns the value of its `Authorization` header.
 *
 * @example
 * const authorization = signOAuth1({ method: 'GET', url: 'https://api.x.com/2/users/me', ...keys,
 *   nonce: crypto.randomUUID(), timestampSecs: Math.floor(Date.now() / 1000) });
 */
export function signOAuth1(request: OAuth1Request): string {
  const url = new URL(request.url);
  const oauth: Array<[string, string]> = [
    ['oauth_consumer_key', request.consumerKey],
    ['oauth_nonce', request.nonce],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', String(request.timestampSecs)],
    ['oauth_token', request.accessToken],
    ['oauth_version', '1.0'],
  ];
  const parameters = [...oauth, ...url.searchParams, ...Object.entries(request.form ?? {})]
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compareBytes(nameA, nameB) || compareBytes(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const base = [request.method.toUpperCase(), url.origin + url.pathname, parameters]
    .map(percentEncode)
    .join('&');
  const key = `${percentEncode(request.consumerSecret)}&${percentEncode(request.accessTokenSecret)}`;
  const signature = createHmac('sha1', key).update(base).digest('base64');
  const signed: Array<[string, string]> = [...oauth, ['oauth_signature', signature]];
  return `OAuth ${signed.map(([name, value]) => `${name}="${percentEncode(value)}"`).join(', ')}`;
}

/** RFC 3986: unlike encodeURIComponent, also `! ' ( ) *`. */
export function percentEncode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Encoded names are ASCII, so comparing code units compares bytes. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
