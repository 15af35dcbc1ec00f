/** Sets the engine up for a worker, then loads it: both settings must be there before the first module is. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// The young generation stays small: what makes a worker large are buffers of media, and `media-garbage.ts` has them collected as
// they come, which takes the longer the more there is of everything else.
setFlagsFromString('--max-semi-space-size=2');
// Halves the work of every start after the first; where the folder cannot be written, nothing happens.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));

await import('./worker-process.ts');
