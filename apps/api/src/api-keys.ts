import { createHash, timingSafeEqual } from 'node:crypto';

/** The keys that open the API. Only their SHA-256 is kept; they cannot be read back. */
export interface ApiKeys {
  /** Takes the same time whether and wherever the key is found. */
  has(key: string): boolean;
}

/** Who holds a key, without the key: what one caller began only the same one ends. */
export function callerOf(key: string): string {
  return digest(key).toString('base64url');
}

/** Holds the given keys. */
export function createApiKeys(keys: readonly string[]): ApiKeys {
  const digests = keys.map(digest);
  return {
    has(key) {
      const wanted = digest(key);
      return digests.reduce((found, each) => timingSafeEqual(each, wanted) || found, false);
    },
  };
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
