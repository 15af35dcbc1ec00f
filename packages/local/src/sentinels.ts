import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ask } from './ask-redis.ts';
import { requireRedis } from './find-redis.ts';
import { onFreePort } from './free-port.ts';
import { makeTempDir } from './on-exit.ts';
import type { LocalRedis } from './redis.ts';
import { spawnProcess, type LocalProcess } from './spawn-process.ts';

export interface SentinelOptions {
  master: Pick<LocalRedis, 'port'>;
  /** How many replicas it has; they are known before `startSentinels` resolves. Default 1. */
  replicas?: number;
  /** A master that is silent for so long is down. Default 1,000 ms. */
  downAfterMs?: number;
}

export interface LocalSentinels {
  /** For `REDIS_URL`. */
  readonly url: string;
  readonly processes: readonly LocalProcess[];
  stop(): Promise<void>;
}

interface Sentinel {
  port: number;
  process: LocalProcess;
}

const count = 3;
const quorum = 2;
const masterName = 'slipway';
const knownWithinMs = 20_000;

/** Starts three Sentinels on 127.0.0.1 that watch a master; resolves when they know each other and its replicas. */
export async function startSentinels(options: SentinelOptions): Promise<LocalSentinels> {
  const binary = requireRedis();
  await using started = new AsyncDisposableStack();
  const dir = makeTempDir('slipway-sentinels-');
  started.defer(() => dir.remove());

  const launch = async (port: number): Promise<Sentinel> => {
    const file = join(dir.path, `${port}.conf`); // a Sentinel keeps in its configuration what it learns
    writeFileSync(file, configuration(port, dir.path, options));
    const process = await spawnProcess({
      name: `sentinel-${port}`,
      command: binary.command,
      args: [file, '--sentinel'],
      env: { ...globalThis.process.env, ...binary.env },
      readyWhen: /\+monitor master/,
    });
    started.defer(async () => void (await process.stop()));
    return { port, process };
  };

  const sentinels: Sentinel[] = [];
  while (sentinels.length < count) sentinels.push(await onFreePort(launch));
  const deadline = performance.now() + knownWithinMs;
  for (const { port } of sentinels) {
    while (!(await knowsAll(port, options.replicas ?? 1))) {
      if (performance.now() > deadline)
        throw new Error(`The Sentinels did not know all within ${knownWithinMs} ms.`);
      await wait(50);
    }
  }

  const running = started.move();
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${masterName}`,
    processes: sentinels.map(({ process }) => process),
    stop: () => running.disposeAsync(),
  };
}

function configuration(port: number, dir: string, { master, downAfterMs = 1_000 }: SentinelOptions): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor ${masterName} 127.0.0.1 ${master.port} ${quorum}`,
    `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
    // The next vote, after one that nobody won, comes twice this later.
    `sentinel failover-timeout ${masterName} ${downAfterMs * 3}`,
    '',
  ].join('\n');
}

/** What a Sentinel says of its master is a list of names and values in turn. */
async function knowsAll(port: number, replicas: number): Promise<boolean> {
  const reply = await ask(port, 'SENTINEL', 'master', masterName);
  const facts = Array.isArray(reply) ? reply.map(String) : [];
  const fact = (name: string): number => Number(facts[facts.indexOf(name) + 1]);
  return fact('num-other-sentinels') === count - 1 && fact('num-slaves') >= replicas;
}
