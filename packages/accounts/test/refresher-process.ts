/** A worker that does nothing but refresh: told what to do by its one argument, it says each step, until it is killed. */
import { createAccountBlocks, createAccountRecords, createAccountSecrets, layOut } from '@slipway/store';
import { createXClient } from '@slipway/x-media';
import { Redis } from 'ioredis';
import { createAccounts, createRefresher, createVault, parseKeyRing } from '../src/index.ts';

const given: {
  redisUrl: string;
  simUrl: string;
  ring: string;
  clientId: string;
  clientSecret: string;
  id: string;
} = JSON.parse(process.argv[2] ?? '{}');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const redis = new Redis(given.redisUrl);
const layout = layOut(1);
const records = createAccountRecords({ redis, layout, defaultTier: 'unlimited' });
const secrets = createAccountSecrets(redis, layout);
const blocks = createAccountBlocks(redis, layout, Date.now);
const vault = createVault({ records, ring: parseKeyRing(given.ring), now: Date.now });
const x = createXClient({ baseUrl: given.simUrl });
const durable = async (): Promise<boolean> => true;
const refresher = createRefresher({
  // The real ones, with a word before and after what counts.
  secrets: {
    ...secrets,
    async replace(...put) {
      const done = await secrets.replace(...put);
      say('stored');
      return done;
    },
  },
  x: {
    oauth2: {
      ...x.oauth2,
      refresh(...call) {
        say('asking');
        return x.oauth2.refresh(...call);
      },
    },
  },
  vault,
  blocks,
  client: { clientId: given.clientId, clientSecret: given.clientSecret },
  durable,
  now: Date.now,
  random: Math.random,
  logger: { info: () => undefined, warn: (_, message) => say(message) },
  callMs: 10_000,
});
const accounts = createAccounts({
  records,
  secrets,
  vault,
  blocks,
  refresher,
  clientId: given.clientId,
  durable,
  now: Date.now,
});

await redis.ping();
say('ready');
for (;;) {
  // A token that has ended, again and again.
  await redis.hset(`${layout.forAccount(given.id).account}${given.id}`, 'grant', await ended());
  const found = await accounts.credentialsOf(given.id);
  if (!('credentials' in found)) break;
  await accounts.refused(given.id, { type: 'oauth2', accessToken: 'somebody else’s' });
}

async function ended(): Promise<string> {
  const record = await records.get(given.id);
  return JSON.stringify({ ...record?.grant, expiresAt: 1 });
}
