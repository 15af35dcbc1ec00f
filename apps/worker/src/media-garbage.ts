import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Perform, perform } from '@slipway/pipeline';

/** So many bytes of media pass between two collections. */
const BYTES = 1024 * 1024;

type Collect = (options: { type: 'minor' }) => void;

/**
 * Effects whose garbage is collected as it comes. Media pass in buffers outside of V8's heap, of which it sees only the small ends:
 * by itself it lets some 100 MiB of them pile up before it looks. A young generation so small that it looks in time costs a third
 * of the time of everything else that a worker does.
 */
export function performAndCollect(): Perform {
  setFlagsFromString('--expose-gc');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a global that the flag has just made
  const collect = runInNewContext('gc') as Collect;
  let passed = 0;
  return (world, action, post, { signal, onBytes }) =>
    perform(world, action, post, {
      signal,
      onBytes(bytes) {
        onBytes(bytes);
        passed += bytes;
        if (passed < BYTES) return;
        passed = 0;
        collect({ type: 'minor' });
      },
    });
}
