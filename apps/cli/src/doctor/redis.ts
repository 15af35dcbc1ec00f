import { once } from 'node:events';
import { connectRedis, readRisks, readServerFacts } from '@slipway/store';
import { compareClocks } from './clock.ts';
import type { Settings } from './examine.ts';
import type { Finding } from './finding.ts';

/** Whether Redis can be reached, what of it puts posts at risk, and what its clock says. */
export async function examineRedis(settings: Settings): Promise<Finding[]> {
  const redis = connectRedis(settings.REDIS_URL, { role: 'caller', name: 'slipway-doctor' });
  try {
    await once(redis, 'ready').catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`It cannot be reached (${reason}): start it, or correct REDIS_URL.`, { cause: error });
    });
    const { product, version } = await readServerFacts(redis);
    const risks = await readRisks(redis, settings.SLIPWAY_REDIS_REPLICAS);
    const asked = Date.now();
    const [seconds = 0, microseconds = 0] = (await redis.time()).map(Number);
    const answered = Date.now();
    return [
      { level: 'ok', check: 'redis', message: `${product} ${version} answers.` },
      ...risks.map(({ effect, message }): Finding => ({
        level: effect === 'warning' ? 'warning' : 'failure',
        check: 'redis',
        message,
      })),
      compareClocks('Redis', seconds * 1_000 + microseconds / 1_000, {
        ours: (asked + answered) / 2,
        uncertaintyMs: (answered - asked) / 2,
      }),
    ];
  } finally {
    redis.disconnect();
  }
}
