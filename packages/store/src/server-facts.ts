import type { Redis } from 'ioredis';

/** What a server says of itself. Null is what it does not say: hosted servers hide some of it. */
export interface ServerFacts {
  product: 'Redis' | 'Valkey';
  version: string;
  /** Where its master is, for a server that is a replica. */
  replicaOf: string | null;
  /** Replicas that receive its writes now. */
  replicas: number;
  appendOnly: boolean | null;
  /** Such as `always`. */
  appendFsync: string | null;
  appendFailed: boolean;
  rewriteFailed: boolean;
  snapshotFailed: boolean;
  /** Such as `noeviction`. */
  maxmemoryPolicy: string | null;
  maxmemoryBytes: number;
  /** What counts against `maxmemoryBytes`. */
  usedBytes: number;
}

/** Asks a server what it is and how it is set. Rejects when it does not answer. */
export async function readServerFacts(redis: Redis): Promise<ServerFacts> {
  const [info, appendFsync] = await Promise.all([redis.info(), readSetting(redis, 'appendfsync')]);
  return parseFacts(info, appendFsync);
}

function parseFacts(info: string, appendFsync: string | null): ServerFacts {
  const fields = new Map(
    info.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1)] as const] : [];
    }),
  );
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const valkey = fields.get('valkey_version');
  const aof = fields.get('aof_enabled');
  return {
    product: valkey === undefined ? 'Redis' : 'Valkey',
    version: valkey ?? fields.get('redis_version') ?? '0',
    replicaOf:
      fields.get('role') === 'slave' ? `${fields.get('master_host')}:${fields.get('master_port')}` : null,
    replicas: [...fields].filter(([name, value]) => /^slave\d+$/.test(name) && value.includes('state=online'))
      .length,
    appendOnly: aof === undefined ? null : aof === '1',
    appendFsync,
    appendFailed: fields.get('aof_last_write_status') === 'err',
    rewriteFailed: fields.get('aof_last_bgrewrite_status') === 'err',
    snapshotFailed: fields.get('rdb_last_bgsave_status') === 'err',
    maxmemoryPolicy: fields.get('maxmemory_policy') ?? null,
    maxmemoryBytes: number('maxmemory'),
    // Buffers of the AOF and of replicas do not count: Redis would evict, or refuse, because of its own refusals.
    usedBytes: number('used_memory') - number('mem_not_counted_for_evict'),
  };
}

/** Null where the server does not let it be read: it forbids the question, does not know it, or answers with nothing. */
async function readSetting(redis: Redis, name: string): Promise<string | null> {
  try {
    const reply = await redis.config('GET', name);
    return Array.isArray(reply) && reply.length >= 2 ? String(reply[1]) : null;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return null;
    throw error;
  }
}
