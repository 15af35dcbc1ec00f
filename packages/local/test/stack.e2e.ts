import { existsSync } from 'node:fs';
import { describe, test } from 'vitest';
import { eventually } from '@slipway/testkit';
import { readLogLine, startStack } from '../src/index.ts';
import { isRunning } from './is-running.ts';

/** How many child processes of this one are alive. */
const countChildren = (): number =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'ProcessWrap').length;

describe('startStack', () => {
  test('starts all that a post needs, replaces a dead worker, and leaves nothing behind', async ({
    expect,
  }) => {
    const childrenBefore = countChildren();
    const heard = new Set<string>();
    const stack = await startStack({
      workers: 2,
      usernames: ['demo', 'second'],
      buckets: ['media', 'archive'],
      onLine: (name) => heard.add(name),
    });
    const pids = [stack.redis?.pid, stack.s3.pid, stack.sim.process.pid, stack.api.process.pid].map(Number);
    try {
      expect(heard).toEqual(new Set(['api', 'worker-1', 'worker-2', 'x-sim']));
      expect(stack.accounts.map((account) => account.username)).toEqual(['demo', 'second']);
      expect(stack.accounts[0]?.id).toMatch(/^acct_[0-7][0-9a-hjkmnp-tv-z]{25}$/);
      expect((await fetch(`${stack.api.url}/readyz`)).status).toBe(200);

      await stack.s3.putObject({
        bucket: 'archive',
        key: 'a.png',
        body: Buffer.from('png'),
        contentType: 'image/png',
      });
      const answer = await fetch(`${stack.api.url}/v1/posts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${stack.api.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ account: stack.accounts[0]?.id, text: 'from the stack' }),
      });
      expect(answer.status, await answer.text()).toBe(202);

      const [first] = stack.workers;
      first?.kill('SIGKILL');
      expect(await first?.exited).toEqual({ code: null, signal: 'SIGKILL' });
      const third = await stack.startWorker();
      expect(third.name).toBe('worker-3');
      expect(readLogLine(third.readyLine)?.['msg']).toBe('ready');
      pids.push(...stack.workers.map((worker) => worker.pid));
    } finally {
      await stack.stop();
    }
    expect(pids).toHaveLength(7);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(existsSync(stack.redis?.dir ?? '')).toBe(false);
    await eventually(() => countChildren() === childrenBefore, { describe: 'no child is left' });
  });

  test('stops what it has started when one of them does not start, and says why', async ({ expect }) => {
    const childrenBefore = countChildren();
    const starting = startStack({ settings: { SLIPWAY_S3_FORCE_PATH_STYLE: 'perhaps' } });
    await expect(starting).rejects.toThrow(
      /^(api|worker-1) ended with status \d+[^]*SLIPWAY_S3_FORCE_PATH_STYLE/,
    );
    await eventually(() => countChildren() === childrenBefore, { describe: 'no child is left' });
  });
});
