import type { Redis } from 'ioredis';

/**
 * What the server's settings put at risk; empty when nothing is. Some hosted servers do not let their settings be read.
 * Rejects when Redis does not answer.
 */
export async function readSafety(redis: Redis): Promise<{ ok: boolean; warnings: string[] }> {
  const warnings: string[] = [];
  let policy: string;
  let appendOnly: string;
  let fsync: string;
  try {
    policy = await readSetting(redis, 'maxmemory-policy');
    appendOnly = await readSetting(redis, 'appendonly');
    fsync = await readSetting(redis, 'appendfsync');
  } catch (error) {
    if (!(error instanceof Error && ['ReplyError', 'HiddenSetting'].includes(error.name))) throw error;
    return {
      ok: true,
      warnings: [
        `The settings of Redis cannot be read (${error.message}): see to AOF and noeviction yourself.`,
      ],
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

class HiddenSetting extends Error {
  override readonly name = 'HiddenSetting';
}

async function readSetting(redis: Redis, name: string): Promise<string> {
  const reply = await redis.config('GET', name);
  if (!Array.isArray(reply) || reply.length < 2) throw new HiddenSetting(`${name} is hidden`);
  return String(reply[1]);
}
