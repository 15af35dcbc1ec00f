import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError, installationSettings, parseEnvironment, s3Settings, xSettings } from '@slipway/config';
import { examineAccounts } from './accounts.ts';
import type { Finding } from './finding.ts';
import { examineRedis } from './redis.ts';
import { examineS3 } from './s3.ts';
import { examineX } from './x.ts';

/** No check takes longer than this. */
const PATIENCE_MS = 5_000;

const settings = { ...installationSettings, ...s3Settings, ...xSettings };
export type Settings = ReturnType<typeof parseEnvironment<typeof settings>>;

/** Examines the environment, and all that its settings name, side by side. */
export async function examine(
  environment: Readonly<Record<string, string | undefined>>,
  bucket: string | null,
): Promise<Finding[]> {
  let config: Settings;
  try {
    config = parseEnvironment(settings, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [, ...problems] = error.message.split('\n');
    return problems.map((line) => ({ level: 'failure', check: 'settings', message: line.trim() }));
  }
  const found = await Promise.all([
    bounded('accounts', async () => examineAccounts(config)),
    bounded('redis', () => examineRedis(config)),
    bounded('s3', (signal) => examineS3(config, bucket, signal)),
    bounded('x', (signal) => examineX(config, signal)),
  ]);
  const settingsFound: Finding = {
    level: 'ok',
    check: 'settings',
    message: 'Those that the API and the workers share are right.',
  };
  return [settingsFound, ...found.flat()];
}

/** Whatever a check throws or leaves open is a finding of its own. */
async function bounded(check: string, look: (signal: AbortSignal) => Promise<Finding[]>): Promise<Finding[]> {
  const done = new AbortController();
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  const late = wait(PATIENCE_MS, null, { signal: done.signal }).then(() => {
    throw new Error(`There was no answer within ${PATIENCE_MS / 1_000} s.`);
  });
  try {
    return await Promise.race([look(timeout), late]);
  } catch (error) {
    return [{ level: 'failure', check, message: error instanceof Error ? error.message : String(error) }];
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
}
