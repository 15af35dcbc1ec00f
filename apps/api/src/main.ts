/**
 * The API as a process. Exit status: 0 after SIGTERM or SIGINT, 78 (EX_CONFIG) for an environment or a Redis that must not be
 * run with, 1 for anything else.
 */
import { once } from 'node:events';
import { ConfigError } from '@slipway/config';
import {
  createConnecting,
  createVault,
  importAccounts,
  readAccountsFile,
  type FileAccount,
} from '@slipway/accounts';
import { createObjects } from '@slipway/pipeline';
import { knownLimits } from '@slipway/pipeline/core';
import { createXClient } from '@slipway/x-media';
import {
  connectRedis,
  createAccountBlocks,
  createAccountRecords,
  createAppParks,
  createLimitsReader,
  createConnectAttempts,
  createStore,
  layOut,
  readRisks,
  watchConnections,
} from '@slipway/store';
import packageJson from '../package.json' with { type: 'json' };
import { createApp } from './app.ts';
import { parseConfig, type Config } from './config.ts';
import { createLogger } from './logger.ts';
import { DEFAULT_LIMITS } from './route-deps.ts';
import { stop } from './stop.ts';
import { takeInAccounts } from './take-in-accounts.ts';

const EX_CONFIG = 78;
const STOP_GRACE_MS = 10_000;
/** How long the start waits for Redis, to read its settings. */
const START_PATIENCE_MS = 3_000;

const config = configured(() => parseConfig(process.env));
const fileAccounts = configured(() => readAccounts(config));
const logger = createLogger(config.SLIPWAY_LOG_LEVEL);
const watch = watchConnections(logger);
const redis = watch(connectRedis(config.REDIS_URL, { role: 'caller', name: 'slipway-api' }));
const store = createStore({
  redis,
  partitions: config.SLIPWAY_PARTITIONS,
  connectBlocking: (name) =>
    watch(connectRedis(config.REDIS_URL, { role: 'blocking', name: `slipway-api-${name}` })),
});
const layout = layOut(config.SLIPWAY_PARTITIONS);
const records = createAccountRecords({
  redis,
  layout,
  defaultTier: config.SLIPWAY_X_TIER,
});
const ring = config.SLIPWAY_SECRET_KEYS;
const vault = createVault({ records, ring, now: Date.now });
const blocks = createAccountBlocks(redis, layout, Date.now);
const x = createXClient({
  baseUrl: config.SLIPWAY_X_BASE_URL,
  authorizeUrl: config.SLIPWAY_X_AUTHORIZE_URL,
});
const connecting = createConnecting({
  x,
  client: clientOf(config),
  redirectUris: config.SLIPWAY_X_REDIRECT_URIS,
  attempts: createConnectAttempts(redis, layout),
  records,
  blocks,
  vault,
  ring,
  now: Date.now,
});
const risks = () => readRisks(redis, config.SLIPWAY_REDIS_REPLICAS);
const objects = createObjects({
  s3Region: config.AWS_REGION,
  s3ForcePathStyle: config.SLIPWAY_S3_FORCE_PATH_STYLE,
  ...(config.SLIPWAY_S3_ENDPOINT !== undefined && { s3Endpoint: config.SLIPWAY_S3_ENDPOINT }),
});
const app = await createApp({
  posts: store.posts,
  feed: store.feed,
  schedule: store.schedule,
  paces: store.paces,
  accounts: records,
  blocks,
  connecting,
  xLimits: createLimitsReader({
    redis,
    layout,
    limits: knownLimits(config.SLIPWAY_X_LIMITS),
    tier: config.SLIPWAY_X_TIER,
    now: Date.now,
  }),
  parks: createAppParks(redis, layout, Date.now),
  appBudgetMicroUsd: config.SLIPWAY_APP_BUDGET_USD ?? null,
  objects,
  policy: {
    stagingLeadMs: config.SLIPWAY_STAGING_LEAD_MS,
    stagingSpreadMs: config.SLIPWAY_STAGING_SPREAD_MS,
    prices: config.SLIPWAY_X_PRICES,
  },
  ping: () => store.ping(),
  risks,
  requireSafety: config.SLIPWAY_ENV === 'production',
  keys: config.keys,
  limits: { ...DEFAULT_LIMITS, bodyLimitBytes: config.SLIPWAY_API_BODY_LIMIT_BYTES },
  now: () => Date.now(),
  logger,
  version: packageJson.version,
});
await checkSafety();
const stopping = new AbortController();
await takeInAccounts({
  take: () =>
    importAccounts(fileAccounts, {
      records,
      vault,
      blocks,
      ring,
      clientId: config.SLIPWAY_X_CLIENT_ID ?? null,
      now: Date.now,
    }),
  logger,
  signal: stopping.signal,
});
await listen();

/** What a bad configuration throws is for the operator, not for the log: a message that says what to do, and no stack. */
function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EX_CONFIG);
  }
}

function readAccounts({ SLIPWAY_ACCOUNTS_FILE }: Config): FileAccount[] {
  if (SLIPWAY_ACCOUNTS_FILE === undefined) return [];
  try {
    return readAccountsFile(SLIPWAY_ACCOUNTS_FILE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`SLIPWAY_ACCOUNTS_FILE: ${reason}`, { cause: error });
  }
}

/** The X app of this installation, for connecting accounts and revoking their tokens; a public client has no secret. */
function clientOf({ SLIPWAY_X_CLIENT_ID: clientId, SLIPWAY_X_CLIENT_SECRET: clientSecret }: Config) {
  if (clientId === undefined) return null;
  return { clientId, ...(clientSecret !== undefined && { clientSecret }) };
}

/** A Redis that cannot be asked does not stop the start: `/readyz` says what is missing, and asks again. */
async function checkSafety(): Promise<void> {
  const patience = AbortSignal.timeout(START_PATIENCE_MS);
  const connected = redis.status === 'ready' ? Promise.resolve() : once(redis, 'ready', { signal: patience });
  const found = await connected.then(risks).catch(() => []);
  for (const { effect, message } of found) logger.warn({ effect, risk: message }, 'redis puts posts at risk');
  if (config.SLIPWAY_ENV !== 'production' || !found.some(({ effect }) => effect === 'loses_posts')) return;
  logger.fatal('refusing to start in production on a redis that may lose posts');
  process.exit(EX_CONFIG);
}

async function listen(): Promise<void> {
  try {
    await app.listen({
      host: config.SLIPWAY_API_HOST,
      port: config.SLIPWAY_API_PORT,
      listenTextResolver: (address) => `bound to ${address}`,
    });
  } catch (error) {
    logger.fatal({ err: error }, 'cannot listen; is the port taken?');
    process.exit(1);
  }
  const url = app.listeningOrigin;
  logger.info({ url, docs: `${url}/docs`, pid: process.pid }, 'listening');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void stopAndExit(signal));
  }
}

/** A second signal ends the process at once: the handler of the first is gone by then. */
async function stopAndExit(signal: string): Promise<void> {
  logger.info({ signal }, 'stopping');
  stopping.abort();
  const status = await stop({
    close: () => app.close(),
    cut: () => app.server.closeAllConnections(),
    release: async () => {
      await Promise.all([store.close(), x.close()]);
      redis.disconnect();
      objects.close();
    },
    logger,
    graceMs: STOP_GRACE_MS,
  });
  logger.info('stopped');
  process.exit(status);
}
