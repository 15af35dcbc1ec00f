import { test } from 'vitest';
import { createLogger } from '../src/logger.ts';

test('secrets do not get into the log, wherever they are', ({ expect }) => {
  const lines: string[] = [];
  const logger = createLogger('info', { write: (line) => lines.push(line) });
  logger.info({ req: { headers: { authorization: 'Bearer hush' } }, authorization: 'hush' }, 'one');
  logger.info(
    { headers: { authorization: 'Bearer hush' }, account: { credentials: { accessToken: 'hush' } } },
    'two',
  );
  const keys = { consumerSecret: 'hush', accessToken: 'hush', accessTokenSecret: 'hush' };
  const pair = { accessToken: 'hush', refreshToken: 'hush' };
  logger.info(
    { oauth1: keys, oauth2: pair, client: { clientSecret: 'hush' }, attempt: { codeVerifier: 'hush' } },
    'three',
  );
  expect(lines.join('')).not.toContain('hush');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { app: 'api', msg: 'one' },
    { msg: 'two' },
    { msg: 'three' },
  ]);
});
