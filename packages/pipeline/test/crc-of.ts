import { crc32 } from 'node:zlib';
import type { ChecksumAlgorithm } from '../src/core/index.ts';

const POLYNOMIALS: Record<ChecksumAlgorithm, [bits: number, reversed: bigint]> = {
  CRC32: [32, 0xedb8_8320n],
  CRC32C: [32, 0x82f6_3b78n],
  CRC64NVME: [64, 0x9a6c_9329_ac4b_c9b5n],
};

/** The CRC by its definition, bit by bit: slow, and with nothing in common with what it checks. */
export function crcOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const [bits, polynomial] = POLYNOMIALS[algorithm];
  const ones = (1n << BigInt(bits)) - 1n;
  let register = ones;
  for (const byte of bytes) {
    register ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) {
      register = register & 1n ? (register >> 1n) ^ polynomial : register >> 1n;
    }
  }
  return toBase64((register ^ ones).toString(16).padStart(bits / 4, '0'));
}

/** The CRC32 of an object of nothing but zeros. */
export function crcOfZeros(bytes: number): string {
  const known = zeros.get(bytes) ?? toBase64(crc32(Buffer.alloc(bytes)).toString(16).padStart(8, '0'));
  zeros.set(bytes, known);
  return known;
}
const zeros = new Map<number, string>();

function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
