/**
 * The worker as a process. Exit status: 0 after SIGTERM or SIGINT, 78 (EX_CONFIG) for an environment or a Redis that must not be
 * run with, 1 for anything else.
 */
import { readAccountsFile } from '@slipway/accounts';
import { createObjects } from '@slipway/pipeline';
import { knownLimits } from '@slipway/pipeline/core';
import { connectRedis, createQuota, createStore, layOut, readRisks, watchConnections } from '@slipway/store';
import { createXClient } from '@slipway/x-media';
import { startWorker } from './app.ts';
import { parseConfig, policyOf } from './config.ts';
import { serveHealth } from './health.ts';
import { createLogger } from './logger.ts';
import { openAccounts } from './open-accounts.ts';

const EX_CONFIG = 78;
/** Beyond the grace of running requests, for what there is to close. */
const STOP_MARGIN_MS = 5_000;

const config = configured(() => parseConfig(process.env));
const fileAccounts = configured(() =>
  config.SLIPWAY_ACCOUNTS_FILE === undefined ? [] : readAccountsFile(config.SLIPWAY_ACCOUNTS_FILE),
);
const logger = createLogger({ level: config.SLIPWAY_LOG_LEVEL, worker: config.SLIPWAY_WORKER_NAME });

const watch = watchConnections(logger);
const probe = watch(
  connectRedis(config.REDIS_URL, { role: 'worker', name: `${config.SLIPWAY_WORKER_NAME}-probe` }),
);
const store = createStore({
  redis: probe,
  partitions: config.SLIPWAY_PARTITIONS,
  connectBlocking: (name) => connectRedis(config.REDIS_URL, { role: 'blocking', name }),
});
await checkSafety();
const x = createXClient({ baseUrl: config.SLIPWAY_X_BASE_URL, userAgent: 'slipway' });
const opened = openAccounts({
  config,
  redis: probe,
  connectBarrier: () =>
    watch(connectRedis(config.REDIS_URL, { role: 'worker', name: `${config.SLIPWAY_WORKER_NAME}-accounts` })),
  x,
  logger,
});
await opened.takeIn(fileAccounts);
const { accounts } = opened;

const objects = createObjects({
  s3Endpoint: config.SLIPWAY_S3_ENDPOINT,
  s3Region: config.AWS_REGION,
  s3ForcePathStyle: config.SLIPWAY_S3_FORCE_PATH_STYLE,
});
const policy = policyOf(config);
const quota = createQuota({
  redis: probe,
  layout: layOut(config.SLIPWAY_PARTITIONS),
  limits: knownLimits(config.SLIPWAY_X_LIMITS),
  tier: config.SLIPWAY_X_TIER,
  appBudgetMicroUsd: config.SLIPWAY_APP_BUDGET_USD ?? null,
  parkMs: policy.parkMs,
  now: Date.now,
  random: Math.random,
  onAppEvent: (app, { type, data }) =>
    type === 'app.parked'
      ? logger.warn({ app, ...data }, 'X refuses the app; its accounts wait')
      : logger.warn({ app, ...data }, 'the app goes on'),
  onTrouble: (error) => logger.warn({ err: error }, 'what came of a call to X could not be noted'),
});
const worker = await startWorker({
  redisUrl: config.REDIS_URL,
  watch,
  partitions: config.SLIPWAY_PARTITIONS,
  redisReplicas: config.SLIPWAY_REDIS_REPLICAS,
  name: config.SLIPWAY_WORKER_NAME,
  concurrency: config.SLIPWAY_WORKER_CONCURRENCY,
  leaseMs: config.SLIPWAY_LEASE_MS,
  accountShare: config.SLIPWAY_ACCOUNT_SHARE,
  watchdogMs: config.SLIPWAY_WATCHDOG_MS,
  onStuck() {
    // What is stuck may not stop either.
    setTimeout(() => process.exit(), config.SLIPWAY_WORKER_GRACE_MS + STOP_MARGIN_MS).unref();
    process.exitCode = 1;
    void stop('watchdog');
  },
  graceMs: config.SLIPWAY_WORKER_GRACE_MS,
  world: { x, objects, accounts, quota, policy, clock: { now: Date.now }, random: Math.random },
  logger,
});
const health =
  config.SLIPWAY_WORKER_HEALTH_PORT === undefined
    ? undefined
    : await serveHealth(config.SLIPWAY_WORKER_HEALTH_PORT, () => store.ping());
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));
logger.info({ concurrency: config.SLIPWAY_WORKER_CONCURRENCY }, 'ready');

async function stop(reason: string): Promise<void> {
  logger.info({ reason, inHand: worker.inHand }, 'stopping');
  await worker.stop();
  health?.close();
  await opened.close();
  await x.close();
  objects.close();
  probe.disconnect();
  logger.info({ peakRssBytes: process.resourceUsage().maxRSS * 1024 }, 'stopped');
  // BullMQ may have left a connection behind that looks for a Redis that is away.
  process.exit();
}

async function checkSafety(): Promise<void> {
  const risks = await readRisks(probe, config.SLIPWAY_REDIS_REPLICAS);
  for (const { effect, message } of risks) logger.warn({ effect, risk: message }, 'redis puts posts at risk');
  if (config.SLIPWAY_ENV !== 'production' || !risks.some(({ effect }) => effect === 'loses_posts')) return;
  logger.fatal('this Redis may lose posts; not starting in production');
  process.exit(EX_CONFIG);
}

/** What a bad configuration throws is for the operator: a message that says what to do, and no stack. */
function configured<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(EX_CONFIG);
  }
}
