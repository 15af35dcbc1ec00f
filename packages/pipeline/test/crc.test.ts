import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, test } from 'vitest';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, isChecksum, joinChecksums } from '../src/core/index.ts';
import { startChecksum } from '../src/perform/crc.ts';
import { crcOf } from './crc-of.ts';

/** The check values of the catalogue of CRC algorithms: of the ASCII digits 1 to 9. */
const DIGITS: Record<ChecksumAlgorithm, string> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
};
const algorithm = fc.constantFrom(...CHECKSUM_ALGORITHMS);
const bytes = fc.uint8Array({ maxLength: 300 });

async function streamed(which: ChecksumAlgorithm, pieces: readonly Uint8Array[]): Promise<string> {
  const checksum = await startChecksum(which);
  for (const piece of pieces) checksum.update(piece);
  return checksum.digest();
}

describe('the CRC of a stream', () => {
  test.for(CHECKSUM_ALGORITHMS)('%s has the published check value', async (which, { expect }) => {
    const digits = Buffer.from('123456789');
    const published = Buffer.from(DIGITS[which], 'hex').toString('base64');
    expect(crcOf(which, digits)).toBe(published);
    expect(await streamed(which, [digits])).toBe(published);
  });

  test('does not depend on how the bytes come', async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(algorithm, fc.array(bytes), async (which, pieces) => {
        expect(await streamed(which, pieces)).toBe(crcOf(which, Buffer.concat(pieces)));
      }),
    );
  });

  test('does not depend on other streams beside it', async ({ expect }) => {
    for (const which of CHECKSUM_ALGORITHMS) {
      const [left, right] = [Buffer.alloc(100_000, 'left'), Buffer.alloc(100_000, 'right')];
      const [a, b] = [await startChecksum(which), await startChecksum(which)];
      for (let at = 0; at < left.length; at += 10_000) {
        a.update(left.subarray(at, at + 10_000));
        b.update(right.subarray(at, at + 10_000));
      }
      const alone = [await streamed(which, [left]), await streamed(which, [right])];
      expect([a.digest(), b.digest()]).toEqual(alone);
    }
  });
});

describe('CRCs of pieces', () => {
  test('join to that of the whole', ({ expect }) => {
    fc.assert(
      fc.property(algorithm, bytes, bytes, (which, left, right) => {
        const joined = joinChecksums(which, crcOf(which, left), crcOf(which, right), right.length);
        expect(joined).toBe(crcOf(which, Buffer.concat([left, right])));
      }),
    );
  });

  test('join whatever is joined first', ({ expect }) => {
    fc.assert(
      fc.property(algorithm, bytes, bytes, bytes, (which, a, b, c) => {
        const [crcA, crcB, crcC] = [crcOf(which, a), crcOf(which, b), crcOf(which, c)];
        const fromLeft = joinChecksums(which, joinChecksums(which, crcA, crcB, b.length), crcC, c.length);
        const fromRight = joinChecksums(
          which,
          crcA,
          joinChecksums(which, crcB, crcC, c.length),
          b.length + c.length,
        );
        expect(fromLeft).toBe(fromRight);
      }),
    );
  });

  test('join over the length of a large video', ({ expect }) => {
    const toBase64 = (crc: number) =>
      Buffer.from(crc.toString(16).padStart(8, '0'), 'hex').toString('base64');
    const [left, right] = [Buffer.from('the beginning'), Buffer.alloc(100_000_001, 'of a long file')];
    const first = crc32(left);
    expect(joinChecksums('CRC32', toBase64(first), toBase64(crc32(right)), right.length)).toBe(
      toBase64(crc32(right, first)),
    );
  });
});

test('a checksum is known by its length and its alphabet', ({ expect }) => {
  for (const [which, value, right] of [
    ['CRC32', 'y/Q5Jg==', true],
    ['CRC32', 'y/Q5Jg==-3', false],
    ['CRC32', 'y/Q5Jh==', false],
    ['CRC32', '', false],
    ['CRC32', 'rosUhgp5mIg=', false],
    ['CRC32C', '4waSgw==', true],
    ['CRC64NVME', 'rosUhgp5mIg=', true],
    ['CRC64NVME', 'rosUhgp5mIg=-2', false],
    ['CRC64NVME', 'rosUhgp5mI_=', false],
  ] as const) {
    expect([which, value, isChecksum(which, value)]).toEqual([which, value, right]);
  }
});
