import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';
import { eventually } from '@slipway/testkit';

const owner = fileURLToPath(new URL('redis-owner.ts', import.meta.url));

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .once('error', () => resolve(false));
  });

// A process that starts Redis and never stops it, ended in each way that can be caught.
describe('a process that starts Redis', () => {
  test.for([
    { how: 'exits', send: 'SIGUSR2', code: 9, signal: null },
    { how: 'throws', send: 'SIGUSR2', code: 1, signal: null },
    { how: 'is interrupted', send: 'SIGINT', code: null, signal: 'SIGINT' },
    { how: 'is terminated', send: 'SIGTERM', code: null, signal: 'SIGTERM' },
    { how: 'loses its terminal', send: 'SIGHUP', code: null, signal: 'SIGHUP' },
    { how: 'handles SIGTERM itself', send: 'SIGTERM', code: 4, signal: null },
  ] as const)('$how: takes it and its directory along', async ({ how, send, ...status }, { expect }) => {
    const child = spawn(process.execPath, [owner, how], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const { port, dir } = await readOwned(child.stdout);
    expect(existsSync(dir)).toBe(true);
    expect(await answers(port)).toBe(true);

    child.kill(send);
    expect(await ended).toEqual(status);
    expect(existsSync(dir)).toBe(false);
    await eventually(async () => !(await answers(port)), { describe: 'Redis is gone' });
  });
});

/** The owner says `port dir` on its first line. */
async function readOwned(output: Readable): Promise<{ port: number; dir: string }> {
  for await (const line of createInterface({ input: output })) {
    const [port, dir = ''] = line.split(' ');
    return { port: Number(port), dir };
  }
  throw new Error('the owner said nothing');
}
