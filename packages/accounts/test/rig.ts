import { randomBytes } from 'node:crypto';
import { type LocalRedis, startRedis } from '@slipway/local';
import type { Accounts } from '@slipway/pipeline';
import {
  type AccountBlocks,
  type AccountRecords,
  type AccountSecrets,
  createAccountBlocks,
  createAccountRecords,
  createAccountSecrets,
  layOut,
} from '@slipway/store';
import { type XClient, createXClient } from '@slipway/x-media';
import { type Sim, type SimApp, type SimUser, startSim } from '@slipway/x-sim';
import { Redis } from 'ioredis';
import {
  type KeyRing,
  type Refresher,
  type Vault,
  createAccounts,
  createRefresher,
  createVault,
  parseKeyRing,
} from '../src/index.ts';

/** A worker's view of the accounts, over a connection of its own. */
export interface Fellow {
  accounts: Accounts;
  refresher: Refresher;
  blocks: AccountBlocks;
}

export interface FellowOptions {
  now?: () => number;
  callMs?: number;
  durable?: (accountId: string) => Promise<boolean>;
  clientSecret?: string;
}

/** Redis, X with one confidential app, and workers as they are asked for. */
export interface Rig {
  server: LocalRedis;
  redis: Redis;
  sim: Sim;
  app: SimApp;
  x: XClient;
  ring: KeyRing;
  /** As it would be in the environment. */
  ringText: string;
  records: AccountRecords;
  secrets: AccountSecrets;
  blocks: AccountBlocks;
  vault: Vault;
  fellow(options?: FellowOptions): Fellow;
  /** A new user of X and its account, whose token ends in `livesMs` (null: nobody knows when). */
  connect(livesMs: number | null, more?: { refreshToken?: string | null }): Promise<Connected>;
  tokenCalls(): number;
  /** Whether X takes these. */
  works(found: Awaited<ReturnType<Accounts['credentialsOf']>>): Promise<boolean>;
  stop(): Promise<void>;
}

export interface Connected {
  id: string;
  user: SimUser;
  accessToken: string;
}

export async function startRig(): Promise<Rig> {
  const [server, sim] = await Promise.all([startRedis({ appendfsync: 'no' }), startSim()]);
  const connections: Redis[] = [];
  const dial = (): Redis => {
    const redis = new Redis(server.url);
    connections.push(redis);
    return redis;
  };
  const redis = dial();
  const layout = layOut(1);
  const ringText = `main:${randomBytes(32).toString('base64')}`;
  const ring = parseKeyRing(ringText);
  const records = createAccountRecords({ redis, layout, defaultTier: 'unlimited' });
  const vault = createVault({ records, ring, now: Date.now });
  const app = sim.addApp({});
  const x = createXClient({ baseUrl: sim.url });
  const secrets = createAccountSecrets(redis, layout);
  return {
    server,
    redis,
    sim,
    app,
    x,
    ring,
    ringText,
    records,
    secrets,
    blocks: createAccountBlocks(redis, layout, Date.now),
    vault,
    fellow({ now = Date.now, callMs = 10_000, durable = async () => true, clientSecret } = {}) {
      const own = dial();
      const blocks = createAccountBlocks(own, layout, now);
      const ownSecrets = createAccountSecrets(own, layout);
      const refresher = createRefresher({
        secrets: ownSecrets,
        vault,
        blocks,
        x,
        client: { clientId: app.clientId, clientSecret: clientSecret ?? app.clientSecret ?? '' },
        durable,
        now,
        random: () => 0.5,
        logger: { info: () => undefined, warn: () => undefined },
        callMs,
      });
      const accounts = createAccounts({
        records: createAccountRecords({ redis: own, layout, defaultTier: 'unlimited' }),
        secrets: ownSecrets,
        vault,
        blocks,
        refresher,
        clientId: app.clientId,
        durable,
        now,
      });
      return { accounts, refresher, blocks };
    },
    async connect(livesMs, { refreshToken } = {}) {
      const user = sim.addUser({ appId: app.id });
      const record = await vault.connect({
        username: user.username,
        xUserId: user.id,
        app: app.clientId,
        scopes: [...user.scopes],
        expiresAt: livesMs === null ? null : Date.now() + livesMs,
        secret: {
          type: 'oauth2',
          accessToken: user.accessToken,
          refreshToken: refreshToken === undefined ? (user.refreshToken ?? null) : refreshToken,
        },
      });
      return { id: record.profile.id, user, accessToken: user.accessToken };
    },
    tokenCalls() {
      const counts = sim.ledger().requests['oauth2.token'] ?? {};
      return Object.values(counts).reduce((sum, count) => sum + count, 0);
    },
    async works(found) {
      if (!('credentials' in found)) return false;
      return x
        .as(found.credentials)
        .users.me()
        .then(
          () => true,
          () => false,
        );
    },
    async stop() {
      for (const connection of connections) connection.disconnect();
      await Promise.all([x.close(), sim.close(), server.stop()]);
    },
  };
}
