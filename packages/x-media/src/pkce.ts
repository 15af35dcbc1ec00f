import { createHash, randomBytes } from 'node:crypto';

export interface Pkce {
  /** Keep it secret until the code is exchanged. */
  codeVerifier: string;
  /** Goes into the authorize URL. */
  codeChallenge: string;
}

/** A fresh PKCE pair with method S256 (RFC 7636). The challenge of a given verifier is a pure function of it. */
export function createPkce(codeVerifier: string = randomBytes(32).toString('base64url')): Pkce {
  return { codeVerifier, codeChallenge: createHash('sha256').update(codeVerifier).digest('base64url') };
}
