/** Sets the engine up for a worker, then loads it: both settings must be there before the first module is. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// A worker's garbage is short-lived buffers of media on their way: with V8's usual young generation (semi-spaces that grow to
// 16 MiB) some 60 MiB of them pile up before anybody looks, and nothing is faster for it.
setFlagsFromString('--max-semi-space-size=4');
setFlagsFromString('--semi-space-growth-factor=1');
// Halves the work of every start after the first; where the folder cannot be written, nothing happens.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));

await import('./worker-process.ts');
