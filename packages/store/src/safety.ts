import type { Redis } from 'ioredis';
import { type ServerFacts, readServerFacts } from './server-facts.ts';

/** Something about a server that puts posts at risk, or keeps work from being done. */
export interface Risk {
  /**
   * - `loses_posts`: a setting with which accepted posts would be lost in normal running; production refuses it
   * - `takes_no_posts`, `publishes_nothing`: a state that stops work, without loss, until it is mended
   * - `warning`: may lose something in rarer cases, or stop work soon
   */
  effect: 'loses_posts' | 'takes_no_posts' | 'publishes_nothing' | 'warning';
  /** What it is, what may happen, what to do. */
  message: string;
}

/** The oldest servers that do all we ask of them. */
const OLDEST = { Redis: [6, 2], Valkey: [7, 2] } as const;
/** Of `maxmemory`; above it there is little time to do something about it. */
const NEARLY_FULL = 0.9;

/**
 * What a server's settings and state put at risk; empty when nothing is. `replicas` is how many the installation counts on.
 * Rejects when Redis does not answer.
 */
export async function readRisks(redis: Redis, replicas: number): Promise<Risk[]> {
  return judge(await readServerFacts(redis), replicas);
}

function judge(facts: ServerFacts, replicas: number): Risk[] {
  return [
    ...judgeServer(facts),
    ...judgeEviction(facts),
    ...judgeDisk(facts, replicas),
    ...judgeReplicas(facts, replicas),
  ];
}

function judgeServer({ product, version, replicaOf }: ServerFacts): Risk[] {
  const risks: Risk[] = [];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST[product];
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    risks.push({
      effect: 'loses_posts',
      message: `This is ${product} ${version}: Slipway is made for Redis 6.2, Valkey 7.2 and newer; update it.`,
    });
  }
  if (replicaOf !== null) {
    risks.push({
      effect: 'takes_no_posts',
      message: `This server is a replica: it refuses writes, or throws them away. Let REDIS_URL name its master, ${replicaOf}.`,
    });
  }
  return risks;
}

function judgeEviction({ maxmemoryPolicy, maxmemoryBytes, usedBytes }: ServerFacts): Risk[] {
  const risks: Risk[] = [];
  if (maxmemoryPolicy === null) {
    risks.push(hidden('maxmemory-policy', 'noeviction'));
  } else if (maxmemoryPolicy !== 'noeviction') {
    risks.push({
      effect: 'loses_posts',
      message: `maxmemory-policy is ${maxmemoryPolicy}: Redis may throw posts away when its memory is full; set noeviction.`,
    });
  }
  if (maxmemoryBytes > 0 && usedBytes >= maxmemoryBytes * NEARLY_FULL) {
    const share = Math.floor((usedBytes / maxmemoryBytes) * 100);
    const limit = `maxmemory is ${maxmemoryBytes} bytes`;
    risks.push(
      usedBytes > maxmemoryBytes
        ? {
            effect: 'takes_no_posts',
            message: `The memory of Redis is full (${limit}): until there is room no post is accepted or worked on; raise maxmemory.`,
          }
        : {
            effect: 'warning',
            message: `The memory of Redis is ${share} % full (${limit}): once it is full no post is accepted or worked on; raise maxmemory.`,
          },
    );
  }
  return risks;
}

function judgeDisk(facts: ServerFacts, replicas: number): Risk[] {
  const risks: Risk[] = [];
  if (facts.appendOnly === null) {
    risks.push(hidden('appendonly', 'yes'));
  } else if (!facts.appendOnly) {
    risks.push(
      replicas > 0
        ? {
            effect: 'warning',
            message:
              'appendonly is off: posts are safe only as long as a replica takes over when the master ends; a master that ' +
              'comes back empty empties its replicas. Switch it on.',
          }
        : {
            effect: 'loses_posts',
            message: 'appendonly is off: a restart of Redis loses posts; switch it on.',
          },
    );
  } else if (facts.appendFsync === null) {
    risks.push(hidden('appendfsync', 'always'));
  } else if (facts.appendFsync !== 'always') {
    const lost = facts.appendFsync === 'everysec' ? 'the last second' : 'the last half minute';
    risks.push({
      effect: 'warning',
      message: `appendfsync is ${facts.appendFsync}: a power cut can lose ${lost} of accepted posts; set always.`,
    });
  }
  if (facts.appendFailed) {
    risks.push({
      effect: 'takes_no_posts',
      message:
        'Redis cannot write its append-only file, and refuses writes until it can: see to its disk; its log says why.',
    });
  }
  if (facts.rewriteFailed) {
    risks.push({
      effect: 'warning',
      message:
        'The last rewrite of the append-only file failed: it grows until the disk is full; the log of Redis says why.',
    });
  }
  if (facts.snapshotFailed) {
    risks.push({
      effect: 'warning',
      message:
        'The last snapshot (RDB) failed: where Redis makes them by itself it refuses writes after that. See to its disk, or ' +
        'set save to nothing: with appendonly no snapshot is needed.',
    });
  }
  return risks;
}

function judgeReplicas({ replicas: connected }: ServerFacts, replicas: number): Risk[] {
  if (connected < replicas) {
    return [
      {
        effect: 'publishes_nothing',
        message:
          `SLIPWAY_REDIS_REPLICAS is ${replicas}, but ${connected} ${connected === 1 ? 'replica is' : 'replicas are'} connected: ` +
          'nothing is published until there are enough. Start them, or set fewer.',
      },
    ];
  }
  if (replicas === 0 && connected > 0) {
    return [
      {
        effect: 'warning',
        message:
          `Redis has ${connected} ${connected === 1 ? 'replica' : 'replicas'} but SLIPWAY_REDIS_REPLICAS is 0: a failover can lose ` +
          'writes that the replica had not received. Set it to 1.',
      },
    ];
  }
  return [];
}

function hidden(setting: string, value: string): Risk {
  return {
    effect: 'warning',
    message: `Redis does not let ${setting} be read: see to it yourself that it is ${value}.`,
  };
}
