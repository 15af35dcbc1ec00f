import { crc32 } from 'node:zlib';
import type { IHasher } from 'hash-wasm';
import type { ChecksumAlgorithm } from '../core/index.ts';

/** A checksum of bytes as they go by; nothing is held. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  /** Base64, as S3 writes it. */
  digest(): string;
}

export async function startChecksum(algorithm: ChecksumAlgorithm): Promise<RunningChecksum> {
  if (algorithm === 'CRC32') {
    let crc = 0;
    return {
      update: (bytes) => void (crc = crc32(bytes, crc)),
      digest: () => toBase64(crc.toString(16).padStart(8, '0')),
    };
  }
  const hasher = await (hashers[algorithm] ??= load(algorithm));
  let state = hasher.init().save();
  return {
    update: (bytes) => void (state = hasher.load(state).update(bytes).save()),
    digest: () => toBase64(hasher.load(state).digest()),
  };
}

/** One for all streams, which put their state away between two pieces: a hasher is a WebAssembly memory of its own. */
const hashers: Partial<Record<ChecksumAlgorithm, Promise<IHasher>>> = {};

async function load(algorithm: Exclude<ChecksumAlgorithm, 'CRC32'>): Promise<IHasher> {
  // Only here: who reads no such objects should not load it.
  const { createCRC32, createCRC64 } = await import('hash-wasm');
  return algorithm === 'CRC32C' ? createCRC32(0x82f6_3b78) : createCRC64('9a6c9329ac4bc9b5');
}

function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
