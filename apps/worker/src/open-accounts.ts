import {
  createAccounts,
  createRefresher,
  createVault,
  importAccounts,
  type FileAccount,
} from '@slipway/accounts';
import type { Accounts } from '@slipway/pipeline';
import {
  createAccountBlocks,
  createAccountRecords,
  createAccountSecrets,
  createBarriers,
  layOut,
} from '@slipway/store';
import type { OAuth2Client, XClient } from '@slipway/x-media';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { WorkerConfig } from './config.ts';

export interface OpenAccountsOptions {
  config: Pick<
    WorkerConfig,
    | 'SLIPWAY_PARTITIONS'
    | 'SLIPWAY_REDIS_REPLICAS'
    | 'SLIPWAY_SECRET_KEYS'
    | 'SLIPWAY_X_TIER'
    | 'SLIPWAY_X_CLIENT_ID'
    | 'SLIPWAY_X_CLIENT_SECRET'
  >;
  redis: Redis;
  /** Makes a connection that a barrier may block. */
  connectBarrier: () => Redis;
  x: XClient;
  logger: Logger;
}

export interface OpenAccounts {
  accounts: Accounts;
  /** Takes in the accounts of a file. */
  takeIn(accounts: readonly FileAccount[]): Promise<void>;
  /** A refresh that is under way is let come to its end: what X answers cannot be had a second time. */
  close(): Promise<void>;
}

/** X is given so long to answer a refresh. */
const REFRESH_CALL_MS = 60_000;

/** The accounts of the vault, as a worker uses them. */
export function openAccounts(options: OpenAccountsOptions): OpenAccounts {
  const { config, redis, x, logger } = options;
  const layout = layOut(config.SLIPWAY_PARTITIONS);
  const ring = config.SLIPWAY_SECRET_KEYS;
  const now = Date.now;
  const records = createAccountRecords({ redis, layout, defaultTier: config.SLIPWAY_X_TIER });
  const secrets = createAccountSecrets(redis, layout);
  const blocks = createAccountBlocks(redis, layout, now);
  const vault = createVault({ records, ring, now });
  const barriers = createBarriers({
    layout,
    connect: options.connectBarrier,
    replicas: config.SLIPWAY_REDIS_REPLICAS,
    onTrouble: (error) => logger.error({ err: error }, 'trouble with Redis'),
  });
  const client = clientOf(config);
  const refresher = client
    ? createRefresher({
        secrets,
        vault,
        blocks,
        x,
        client,
        durable: barriers.durable,
        now,
        random: Math.random,
        logger,
        callMs: REFRESH_CALL_MS,
      })
    : null;
  const clientId = client?.clientId ?? null;
  return {
    accounts: createAccounts({
      records,
      secrets,
      vault,
      blocks,
      refresher,
      clientId,
      durable: barriers.durable,
      now,
    }),
    async takeIn(accounts) {
      const taken = await importAccounts(accounts, { records, vault, blocks, ring, clientId, now });
      if (taken > 0) logger.info({ accounts: taken }, 'accounts of the file were taken in');
    },
    async close() {
      await refresher?.idle();
      barriers.close();
    },
  };
}

function clientOf({
  SLIPWAY_X_CLIENT_ID: clientId,
  SLIPWAY_X_CLIENT_SECRET: clientSecret,
}: OpenAccountsOptions['config']): OAuth2Client | null {
  if (clientId === undefined) return null;
  return { clientId, ...(clientSecret === undefined ? {} : { clientSecret }) };
}
