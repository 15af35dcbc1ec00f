import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, test } from 'vitest';
import { SealError, open, parseKeyRing, seal } from '../src/index.ts';

const newKey = (): string => randomBytes(32).toString('base64');
const [one, two] = [newKey(), newKey()];
const ring = parseKeyRing(`one:${one},two:${two}`);

describe('a sealed text', () => {
  test('opens again, and never looks the same twice', ({ expect }) => {
    const text = 'token-é-0123456789';
    const sealed = seal(ring, 'acct_a', text);
    expect(open(ring, 'acct_a', sealed)).toBe(text);
    expect(sealed).not.toContain(text);
    expect(seal(ring, 'acct_a', text)).not.toBe(sealed);
  });

  test('does not open as another account’s', ({ expect }) => {
    expect(() => open(ring, 'acct_b', seal(ring, 'acct_a', 'x'))).toThrow(SealError);
  });

  test('does not open with any one character changed', ({ expect }) => {
    const sealed = seal(ring, 'acct_a', 'some token');
    for (const [index, letter] of sealed.split('').entries()) {
      const other = letter === 'A' ? 'B' : 'A';
      const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
      // The last character of base64 may have bits that say nothing.
      if (
        Buffer.from(changed.split('.')[2] ?? '', 'base64url').equals(
          Buffer.from(sealed.split('.')[2] ?? '', 'base64url'),
        ) &&
        index > 7
      )
        continue;
      expect(() => open(ring, 'acct_a', changed), `character ${index}`).toThrow(SealError);
    }
  });

  test.for(['', 'v1', 'v1.one', 'v1.one.', 'v1.one.AAAA', 'nonsense'])(
    'that is none is refused: %j',
    (text, { expect }) => {
      expect(() => open(ring, 'acct_a', text)).toThrow(SealError);
    },
  );

  test('opens with any key of the ring, and is sealed with the first', ({ expect }) => {
    const old = seal(parseKeyRing(`two:${two}`), 'acct_a', 'x');
    expect(open(ring, 'acct_a', old)).toBe('x');
    expect(seal(ring, 'acct_a', 'x')).toMatch(/^v1\.one\./);
  });

  test('says which key it needs, where the ring has not got it', ({ expect }) => {
    const sealed = seal(parseKeyRing(`gone:${newKey()}`), 'acct_a', 'x');
    expect(() => open(ring, 'acct_a', sealed)).toThrow(/under the key "gone", which SLIPWAY_SECRET_KEYS/);
    const renamed = parseKeyRing(`gone:${one}`);
    expect(() => open(renamed, 'acct_a', sealed)).toThrow(/another one of that name/);
  });
});

describe('a key ring', () => {
  test.for([
    ['', /has no key/],
    [one, /key 1 has no name/],
    [`Main:${one}`, /key 1 has no name/],
    [`one:${one},two:${two.slice(4)}`, /key 2 is not 32 bytes/],
    [`one:${one},two:${two.slice(0, -1)}!`, /key 2 is not 32 bytes/],
    [`one:${one},one:${two}`, /key 2 has the name of an earlier one/],
  ] as const)('that is wrong is refused by its place, and no key is told: %#', ([text, told], { expect }) => {
    let message = '';
    try {
      parseKeyRing(text);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(told);
    if (!message.includes('earlier')) expect(message).toContain('openssl rand -base64 32');
    for (const key of [one, two]) expect(message).not.toContain(key.slice(4, -4));
  });

  test('does not show its keys to whoever prints it', ({ expect }) => {
    const shown = inspect(ring, { depth: 9 }) + JSON.stringify(ring);
    for (const key of [one, two]) {
      expect(shown).not.toContain(key.slice(0, 12));
      expect(shown).not.toContain(Buffer.from(key, 'base64').toString('hex').slice(0, 12));
    }
  });
});
