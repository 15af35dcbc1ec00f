/**
 * Buffers for request bodies, used again and again: fresh memory for every chunk costs more than reading it, and keeps
 * the garbage collector busy.
 */
export interface Buffers {
  take(bytes: number): Buffer;
  /** Gives a buffer back; whoever has views of it must be done. */
  give(buffer: Buffer): void;
}

const SMALL_BYTES = 64 * 1024;
const KEPT = 8;

export function createBuffers(): Buffers {
  const free: Buffer[] = [];
  return {
    take(bytes) {
      if (bytes < SMALL_BYTES) return Buffer.allocUnsafe(bytes);
      const at = free.findIndex((buffer) => buffer.length >= bytes);
      return at < 0
        ? Buffer.allocUnsafeSlow(bytes)
        : (free.splice(at, 1)[0] ?? Buffer.allocUnsafeSlow(bytes));
    },
    give(buffer) {
      if (buffer.length < SMALL_BYTES) return;
      if (free.length >= KEPT) free.shift();
      free.push(buffer);
    },
  };
}
