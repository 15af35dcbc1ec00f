import type { Redis } from 'ioredis';

/** What the server's settings put at risk; empty when nothing is. Some hosted servers do not let their settings be read. */
export async function readSafety(redis: Redis): Promise<{ ok: boolean; warnings: string[] }> {
  const warnings: string[] = [];
  let policy: string | undefined;
  let appendOnly: string | undefined;
  let fsync: string | undefined;
  try {
    policy = await readSetting(redis, 'maxmemory-policy');
    appendOnly = await readSetting(redis, 'appendonly');
    fsync = await readSetting(redis, 'appendfsync');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      ok: true,
      warnings: [`The settings of Redis cannot be read (${why}): see to AOF and noeviction yourself.`],
    };
  }
  if (policy !== 'noeviction') {
    warnings.push(
      `maxmemory-policy is ${policy}: Redis may throw posts away when memory is full; set noeviction.`,
    );
  }
  if (appendOnly !== 'yes') warnings.push('appendonly is off: a restart of Redis loses posts; switch it on.');
  else if (fsync !== 'always') {
    warnings.push(
      `appendfsync is ${fsync}: a power cut can lose the last second of accepted posts; set always.`,
    );
  }
  return { ok: policy === 'noeviction', warnings };
}

async function readSetting(redis: Redis, name: string): Promise<string | undefined> {
  const reply = await redis.config('GET', name);
  return Array.isArray(reply) ? String(reply[1]) : undefined;
}
