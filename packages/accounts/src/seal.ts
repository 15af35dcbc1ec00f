import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

/** A sealed text that cannot be opened. The message names what is wrong and never what was in it. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM under the first key of the ring: `v1.<name of the key>.<nonce, cipher text and tag>`. `about` is bound to it as
 * associated data, such as the account whose secret it is: put in the place of another's, it does not open.
 */
export function seal(ring: KeyRing, about: string, text: string): string {
  const { name, key } = ring.first;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(associated(name, about));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${VERSION}.${name}.${sealed.toString('base64url')}`;
}

/** Throws `SealError` for a text that was sealed about something else, under a key that the ring has not, or was changed. */
export function open(ring: KeyRing, about: string, sealed: string): string {
  const [version, name = '', body = ''] = sealed.split('.');
  if (version !== VERSION) throw new SealError('It was not sealed by this version of Slipway.');
  const key = ring.find(name);
  if (!key) {
    throw new SealError(
      `It is sealed under the key "${name}", which SLIPWAY_SECRET_KEYS has not. Add that key again, after the first one.`,
    );
  }
  const bytes = Buffer.from(body, 'base64url');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(associated(name, about));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    throw new SealError(
      `It does not open with the key "${name}": it was changed, belongs to something else, or the key is another one of that name.`,
    );
  }
}

/** The key that a sealed text needs. */
export function keyNameOf(sealed: string): string {
  return sealed.split('.')[1] ?? '';
}

function associated(keyName: string, about: string): Buffer {
  return Buffer.from(`slipway ${VERSION} ${keyName} ${about}`);
}
