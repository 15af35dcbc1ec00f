import { readFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/** A place in an append-only file: everything that was written later can be cut off. */
export interface AofMark {
  /** The file that is appended to; a rewrite begins another one. */
  readonly file: string;
  readonly bytes: number;
}

/** How long the append-only file of the server that works in `dir` is now. Redis 7 or newer, which keeps it in several parts. */
export function markAof(dir: string): AofMark {
  const file = appendedFile(dir);
  return { file, bytes: statSync(file).size };
}

/**
 * Cuts off what was appended after the mark, as a power cut does to what had not reached the disk. Only for a server that has ended.
 * Throws when the file has been rewritten since: then what is to be cut off has become part of its base.
 */
export function cutAof(dir: string, mark: AofMark): void {
  const { file, bytes } = markAof(dir);
  if (file !== mark.file) {
    throw new Error(
      `The append-only file was rewritten after the mark (${mark.file}); turn that off with auto-aof-rewrite-percentage 0.`,
    );
  }
  if (bytes < mark.bytes) throw new Error(`${file} has ${bytes} bytes, fewer than the mark's ${mark.bytes}.`);
  truncateSync(file, mark.bytes);
}

/** The manifest has a line for each part; the type of those that are appended to is `i`, and the last of them is the one in use. */
function appendedFile(dir: string): string {
  const folder = join(dir, 'appendonlydir');
  const manifest = readFileSync(join(folder, 'appendonly.aof.manifest'), 'utf8');
  const name = [...manifest.matchAll(/^file (\S+) seq \d+ type i\b/gm)].at(-1)?.[1];
  if (name === undefined) throw new Error(`${folder}: the manifest names no incremental file.`);
  return join(folder, name);
}
