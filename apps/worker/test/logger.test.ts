import { startRedis } from '@slipway/local';
import { connectRedis } from '@slipway/store';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { test } from 'vitest';
import { createLogger } from '../src/logger.ts';

function logInto(lines: string[]) {
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  return createLogger({ level: 'info', worker: 'worker-1' }, destination);
}

test('a password of Redis that is wrong does not get into the log', async ({ expect }) => {
  const server = await startRedis();
  const lines: string[] = [];
  const logger = logInto(lines);
  const connection = connectRedis(`redis://slipway:hunter2@127.0.0.1:${server.port}`, {
    role: 'worker',
    name: 'w',
  });
  const [error] = await once(connection, 'error');
  expect(error.command.args).toContain('hunter2'); // what makes it dangerous
  logger.error({ err: error }, 'trouble with Redis');
  connection.disconnect();
  await server.stop();
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('hunter2');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 50,
    worker: 'worker-1',
    msg: 'trouble with Redis',
    err: { message: expect.stringContaining('WRONGPASS'), command: { name: 'hello' } },
  });
});

test('texts of posts that a refused command carried do not get into the log', ({ expect }) => {
  const lines: string[] = [];
  const command = { name: 'evalsha', args: ['not announced yet'] };
  logInto(lines).error({ err: Object.assign(new Error('OOM'), { command }) }, 'looking at a post failed');
  expect(lines[0]).not.toContain('not announced yet');
});
