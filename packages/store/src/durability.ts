import type { Redis } from 'ioredis';
import { readServerFacts } from './server-facts.ts';

/** Whether a restart of this Redis loses nothing that it has acknowledged. False where its settings are hidden. */
export async function isEveryWriteOnDisk(redis: Redis): Promise<boolean> {
  const { appendOnly, appendFsync } = await readServerFacts(redis);
  return appendOnly === true && appendFsync === 'always';
}
