import { type KeyObject, createSecretKey } from 'node:crypto';
import { z } from 'zod';

/** Keys that secrets are sealed under, by their names. The first seals, all of them open. */
export interface KeyRing {
  first: { name: string; key: KeyObject };
  find(name: string): KeyObject | null;
}

const KEY_BYTES = 32;
const HOW = 'a name, a colon and the output of "openssl rand -base64 32", as in main:kX9…=';

/** Reads `name:base64,name:base64`. Throws with what is wrong, by the place in the list, and never with a part of a key. */
export function parseKeyRing(text: string): KeyRing {
  const keys = new Map<string, KeyObject>();
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  for (const [index, entry] of entries.entries()) {
    const place = `key ${index + 1}`;
    const colon = entry.indexOf(':');
    const name = entry.slice(0, Math.max(colon, 0));
    // What stands before a colon that is missing could be the key itself: it is not repeated.
    if (!/^[a-z0-9_-]{1,32}$/.test(name)) {
      throw new Error(
        `${place} has no name of up to 32 lower-case letters, digits, "-" and "_"; it must be ${HOW}`,
      );
    }
    const encoded = entry.slice(colon + 1);
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== encoded) {
      throw new Error(`${place} is not ${KEY_BYTES} bytes in base64; it must be ${HOW}`);
    }
    if (keys.has(name)) throw new Error(`${place} has the name of an earlier one`);
    keys.set(name, createSecretKey(bytes));
    bytes.fill(0);
  }
  const [first] = keys;
  if (!first) throw new Error(`has no key; it must be ${HOW}`);
  return { first: { name: first[0], key: first[1] }, find: (name) => keys.get(name) ?? null };
}

/** The setting that holds the ring; parsed, its keys cannot be printed. */
export const keyRingSetting = z
  .string()
  .transform((text, context) => {
    try {
      return parseKeyRing(text);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
      return z.NEVER;
    }
  })
  .describe(
    'Keys that tokens are encrypted under before they are stored: `name:key`, separated by commas, each key the output of `openssl rand -base64 32`. The first encrypts, all decrypt. Without them all accounts have to be connected again, so keep a copy apart from the backups of Redis.',
  );
