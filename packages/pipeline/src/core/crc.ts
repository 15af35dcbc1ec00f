import type { ChecksumAlgorithm } from './vocabulary.ts';

interface Crc {
  bits: bigint;
  /** In reversed bit order, as is the register: the highest bit stands for x⁰. */
  polynomial: bigint;
}

const CRCS: Record<ChecksumAlgorithm, Crc> = {
  CRC32: { bits: 32n, polynomial: 0xedb8_8320n },
  CRC32C: { bits: 32n, polynomial: 0x82f6_3b78n },
  CRC64NVME: { bits: 64n, polynomial: 0x9a6c_9329_ac4b_c9b5n },
};

/** Whether this is how S3 writes such a checksum. */
export function isChecksum(algorithm: ChecksumAlgorithm, value: string): boolean {
  const pattern = CRCS[algorithm].bits === 64n ? /^[A-Za-z\d+/]{11}=$/ : /^[A-Za-z\d+/]{6}==$/;
  return pattern.test(value) && btoa(atob(value)) === value;
}

/**
 * The checksum of two pieces of data, one after the other, from the checksums of each and the length of the second. It holds
 * for CRCs that begin and end with all bits inverted, which these three do.
 */
export function joinChecksums(
  algorithm: ChecksumAlgorithm,
  left: string,
  right: string,
  rightBytes: number,
): string {
  const crc = CRCS[algorithm];
  const shifted = multiply(parse(left), shiftOf(rightBytes, crc), crc);
  return format(shifted ^ parse(right), crc);
}

/** x^(8·bytes): what a register is multiplied by when that many zero bytes go through it. */
function shiftOf(bytes: number, crc: Crc): bigint {
  const one = 1n << (crc.bits - 1n);
  let shift = one;
  let power = one >> 8n;
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) shift = multiply(shift, power, crc);
    power = multiply(power, power, crc);
  }
  return shift;
}

/** The product of two polynomials over GF(2), modulo the CRC's own. */
function multiply(a: bigint, b: bigint, { bits, polynomial }: Crc): bigint {
  let product = 0n;
  let factor = b;
  for (let bit = 1n << (bits - 1n); bit > 0n; bit >>= 1n) {
    if (a & bit) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}

function parse(checksum: string): bigint {
  const bytes = Uint8Array.from(atob(checksum), (char) => char.charCodeAt(0));
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function format(value: bigint, { bits }: Crc): string {
  let bytes = '';
  for (let shift = bits - 8n; shift >= 0n; shift -= 8n) {
    bytes += String.fromCharCode(Number((value >> shift) & 0xffn));
  }
  return btoa(bytes);
}
