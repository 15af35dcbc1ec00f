import { startRedis, type LocalRedis } from '@slipway/local';
import type { Links } from '../links.ts';

/** The Redis that everybody talks to: with a profile of failovers, one server after another. */
export interface RedisSeat {
  readonly master: LocalRedis;
  /** Undefined unless the profile has failovers. */
  readonly replica: LocalRedis | undefined;
  /** The master is gone: the replica takes its place as it is, and a new replica follows it. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

export async function seatRedis(first: LocalRedis, links: Links, withReplica: boolean): Promise<RedisSeat> {
  let master = first;
  const started: LocalRedis[] = [];
  const addReplica = async (): Promise<LocalRedis> => {
    const replica = await startRedis({ replicaOf: master });
    started.push(replica);
    return replica;
  };
  let replica = withReplica ? await addReplica() : undefined;
  return {
    get master() {
      return master;
    },
    get replica() {
      return replica;
    },
    async failOver() {
      if (!replica) throw new Error('there is no replica to fail over to');
      await replica.promote();
      master = replica;
      links.retargetRedis(master.port);
      replica = await addReplica();
    },
    async stop() {
      await Promise.all(started.map((server) => server.stop()));
    },
  };
}
