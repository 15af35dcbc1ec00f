import { once } from 'node:events';
import { rotateSecrets } from '@slipway/accounts';
import { ConfigError, installationSettings, parseEnvironment } from '@slipway/config';
import { connectRedis, createAccountRecords, layOut } from '@slipway/store';

const settings = {
  REDIS_URL: installationSettings.REDIS_URL,
  SLIPWAY_PARTITIONS: installationSettings.SLIPWAY_PARTITIONS,
  SLIPWAY_SECRET_KEYS: installationSettings.SLIPWAY_SECRET_KEYS,
  SLIPWAY_X_TIER: installationSettings.SLIPWAY_X_TIER,
};

/** Encrypts all tokens anew under the first key. False when some could not be, or Redis could not be reached; `say` is told why. */
export async function rotateAllSecrets(
  environment: Readonly<Record<string, string | undefined>>,
  say: (line: string) => void,
): Promise<boolean> {
  let config: ReturnType<typeof parseEnvironment<typeof settings>>;
  try {
    config = parseEnvironment(settings, environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    say(error.message);
    return false;
  }
  const { SLIPWAY_SECRET_KEYS: ring } = config;
  const redis = connectRedis(config.REDIS_URL, { role: 'caller', name: 'slipway-keys' });
  try {
    await once(redis, 'ready');
    const records = createAccountRecords({
      redis,
      layout: layOut(config.SLIPWAY_PARTITIONS),
      defaultTier: config.SLIPWAY_X_TIER,
    });
    const { unopened } = await rotateSecrets({ records, ring }, ({ seen, resealed }) =>
      say(`${seen} accounts looked at, ${resealed} encrypted anew under the key "${ring.first.name}".`),
    );
    for (const { id, reason } of unopened) say(`${id} cannot be decrypted: ${reason}`);
    return unopened.length === 0;
  } catch (error) {
    say(`Redis: ${error instanceof Error ? error.message : String(error)}. It may be run again.`);
    return false;
  } finally {
    redis.disconnect();
  }
}
