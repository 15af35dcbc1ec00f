import type { RedisOptions } from 'ioredis';

/** What a client needs to find a master by way of its Sentinels. */
export type SentinelTarget = Pick<
  RedisOptions,
  | 'sentinels'
  | 'name'
  | 'db'
  | 'username'
  | 'password'
  | 'sentinelPassword'
  | 'tls'
  | 'enableTLSForSentinelMode'
  | 'sentinelTLS'
>;

const example = 'redis+sentinel://sentinel-1:26379,sentinel-2:26379,sentinel-3:26379/mymaster';
const sentinelPort = 26_379;

/**
 * Where a `REDIS_URL` leads: to a server (`redis://`, `rediss://` with TLS), which the client reads by itself, or to the master that
 * Sentinels know (`redis+sentinel://`, `rediss+sentinel://`). Throws an Error that says what is wrong and quotes nothing: a URL may
 * hold a password.
 */
export function parseRedisUrl(url: string): { url: string } | { sentinels: SentinelTarget } {
  const sentinels = /^redis(s?)\+sentinel:\/\/(?:([^@/]*)@)?([^@/?#]*)(?:\/([^/?#]*))?(\?[^#]*)?$/.exec(url);
  if (sentinels) {
    const [, tls = '', user = '', hosts = '', name = '', query = ''] = sentinels;
    return { sentinels: readSentinels({ tls: tls !== '', user, hosts, name, query }) };
  }
  const plain = URL.parse(url);
  if (plain && /^rediss?:$/.test(plain.protocol)) return { url };
  throw new Error(`must be a URL such as redis://127.0.0.1:6379, or ${example}`);
}

function readSentinels(parts: {
  tls: boolean;
  user: string;
  hosts: string;
  name: string;
  query: string;
}): SentinelTarget {
  const name = decode(parts.name);
  if (name === '') throw new Error(`must name the master after its Sentinels, such as ${example}`);
  const [username = '', ...password] = parts.user.split(':');
  const query = new URLSearchParams(parts.query);
  const sentinelPassword = query.get('sentinelPassword');
  const unknown = [...query.keys()].some((key) => key !== 'db' && key !== 'sentinelPassword');
  if (unknown) throw new Error('must have no parameters for Sentinels but db and sentinelPassword');
  const db = query.get('db') ?? '0';
  if (!/^\d+$/.test(db)) throw new Error('must have the number of a database as its db, such as ?db=2');
  return {
    sentinels: parts.hosts.split(',').map(readHost),
    name,
    db: Number(db),
    ...(username !== '' && { username: decode(username) }),
    ...(password.length > 0 && { password: decode(password.join(':')) }),
    ...(sentinelPassword !== null && { sentinelPassword }),
    ...(parts.tls && { tls: {}, enableTLSForSentinelMode: true, sentinelTLS: {} }),
  };
}

function readHost(text: string): { host: string; port: number } {
  const url = URL.parse(`redis://${text}`);
  if (!url?.hostname)
    throw new Error(`must list its Sentinels as host:port, with commas between, such as ${example}`);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'), // the brackets of an IPv6 address
    port: url.port === '' ? sentinelPort : Number(url.port),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('must have % in its user, password or name only as part of an escape such as %40');
  }
}
