import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { spawnProcess } from '@slipway/local';
import { seededRandom } from '@slipway/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { type Connected, type Rig, startRig } from './rig.ts';

const ROUNDS = 30;
const CHILD = fileURLToPath(new URL('refresher-process.ts', import.meta.url));

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.stop());

test('a refresher that is killed at any moment loses a pair only between X’s answer and the store', async ({
  expect,
}) => {
  const random = seededRandom(Number(process.env['SEED'] ?? Date.now() % 100_000));
  console.log(`seed ${random.seed}`);
  rig.sim.faults.script({ on: { operation: 'oauth2.token' }, times: 'always', do: { delayMs: 3 } });
  const ends = { works: 0, worksAfterStored: 0, reconnect: 0 };
  let account: Connected = await rig.connect(-1_000);
  for (let round = 1; round <= ROUNDS; round++) {
    const { id } = account;
    const child = await spawnProcess({
      name: 'refresher',
      command: process.execPath,
      args: [
        CHILD,
        JSON.stringify({
          redisUrl: rig.server.url,
          simUrl: rig.sim.url,
          ring: rig.ringText,
          clientId: rig.app.clientId,
          clientSecret: rig.app.clientSecret,
          id,
        }),
      ],
      readyWhen: /^ready$/,
    });
    await wait(random.fraction() * 60);
    child.kill('SIGKILL');
    await child.exited;
    // What it had asked for, X may still be doing.
    await rig.sim.waitFor(() => rig.sim.openRequests() === 0);
    const lastWord = child.lines.at(-1) ?? '';

    // Its lease ends some time.
    const [key = ''] = await rig.redis.keys(`*:account:${id}`);
    await rig.redis.hdel(key, 'leaseBy', 'leaseUntil');
    const found = await rig.fellow().accounts.credentialsOf(id);
    const context = `round ${round}, seed ${random.seed}, last word: ${lastWord}`;
    if ('credentials' in found) {
      expect(await rig.works(found), context).toBe(true);
      ends.works += 1;
      if (lastWord === 'stored') ends.worksAfterStored += 1;
    } else {
      // X had rotated, and nobody was there to store it: no other end, and never once it was stored.
      expect(lastWord, context).toBe('asking');
      expect(found, context).toMatchObject({
        waiting: { cause: 'needs_reconnect', detail: expect.stringContaining('Connect the account again') },
      });
      expect((await rig.blocks.get(id)).block, context).toMatchObject({ cause: 'needs_reconnect' });
      ends.reconnect += 1;
    }
    // Every other round begins with a new account, the others with what the last one left.
    if (!('credentials' in found) || round % 2 === 0) account = await rig.connect(-1_000);
  }
  console.log(JSON.stringify(ends));
  expect(ends.worksAfterStored).toBeGreaterThan(0);
});
