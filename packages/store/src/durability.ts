import type { Redis } from 'ioredis';

/** Whether a restart of this Redis loses nothing that it has acknowledged. False where its settings are hidden. */
export async function isEveryWriteOnDisk(redis: Redis): Promise<boolean> {
  const [appendOnly, fsync] = await Promise.all([read(redis, 'appendonly'), read(redis, 'appendfsync')]);
  return appendOnly === 'yes' && fsync === 'always';
}

async function read(redis: Redis, setting: string): Promise<unknown> {
  const reply = await redis.config('GET', setting).catch(() => []);
  return Array.isArray(reply) ? reply[1] : undefined;
}
