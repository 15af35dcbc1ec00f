import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Stack, startStack } from '@slipway/local';
import { createAccountRecords, layOut } from '@slipway/store';
import { eventually, makeImage } from '@slipway/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, test } from 'vitest';
import { createVault, parseKeyRing } from '../src/index.ts';

/** Something to search for. */
const plant = (name: string): string => `planted-${name}-${randomBytes(12).toString('hex')}`;

const ringKey = randomBytes(32);
const clientId = plant('client');
const planted = {
  clientSecret: plant('client-secret'),
  accessToken: plant('access'),
  refreshToken: plant('refresh'),
  consumerSecret: plant('consumer-secret'),
  oauth1Token: plant('oauth1-token'),
  oauth1Secret: plant('oauth1-secret'),
  ringKey: ringKey.toString('base64'),
};
const ring = `main:${planted.ringKey}`;

const lines: string[] = [];
const answers: string[] = [];
let stack: Stack;
let redis: Redis;

beforeAll(async () => {
  stack = await startStack({
    workers: 2,
    usernames: ['filed'],
    settings: {
      SLIPWAY_SECRET_KEYS: ring,
      SLIPWAY_X_CLIENT_ID: clientId,
      SLIPWAY_X_CLIENT_SECRET: planted.clientSecret,
      SLIPWAY_LOG_LEVEL: 'trace',
      SLIPWAY_BACKOFF_BASE_MS: '10',
    },
    onLine: (name, line) => void (name === 'x-sim' ? null : lines.push(line)),
  });
  redis = new Redis(stack.redisUrl);
});
afterAll(async () => {
  redis.disconnect();
  await stack.stop();
});

// oxlint-disable-next-line typescript/no-explicit-any -- looks into answers of every shape
async function ask(path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<any> {
  const response = await fetch(stack.api.url + path, {
    method,
    headers: { authorization: `Bearer ${stack.api.key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push(text);
  return JSON.parse(text);
}

/** Everything in Redis, of every type, in clear. */
async function readAll(): Promise<string> {
  const all: unknown[] = [];
  for (const key of await redis.keys('*')) all.push(key, await valueOf(key));
  return JSON.stringify(all);
}

async function valueOf(key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      throw new Error(`nobody looks into ${key}, which is a ${type}`);
  }
}

/** All that Redis has written to its disk since it started. */
function readDisk(folder: string): string {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => (statSync(path).isDirectory() ? readDisk(path) : readFileSync(path, 'latin1')))
    .join('\n');
}

test('no token, secret or key is found in Redis, in logs, in events or in answers', async ({ expect }) => {
  const consumerKey = plant('consumer-key');
  const app = await stack.sim.addApp({
    clientId,
    clientSecret: planted.clientSecret,
    consumerKey,
    consumerSecret: planted.consumerSecret,
  });
  const modern = await stack.sim.addUser({
    username: 'modern',
    appId: app.id,
    accessToken: planted.accessToken,
    refreshToken: planted.refreshToken,
  });
  const classic = await stack.sim.addUser({
    username: 'classic',
    appId: app.id,
    oauth1: { token: planted.oauth1Token, tokenSecret: planted.oauth1Secret },
  });
  const connected = [
    await ask('/v1/accounts', {
      // It ends soon: a worker has to refresh it first.
      oauth2: {
        accessToken: planted.accessToken,
        refreshToken: planted.refreshToken,
        expiresInSecs: 30,
      },
    }),
    await ask('/v1/accounts', {
      oauth1: {
        consumerKey,
        consumerSecret: planted.consumerSecret,
        accessToken: planted.oauth1Token,
        accessTokenSecret: planted.oauth1Secret,
      },
    }),
  ];
  const usernames: string[] = connected.map(({ username }) => username);
  expect(usernames).toEqual([modern.username, classic.username]);
  // Refused requests, which say what was wrong with them.
  await ask('/v1/accounts', { oauth2: { accessToken: planted.accessToken, refresh: planted.refreshToken } });
  await ask('/v1/accounts', { oauth2: { accessToken: `${planted.accessToken} x` } });
  await ask('/v1/accounts', { oauth2: { accessToken: `x${planted.accessToken}` } });
  // And a 401 in the middle, which is healed by another refresh.
  await stack.sim.script({
    on: { operation: 'posts.create', userId: modern.id },
    do: { answer: 'unauthorized' },
  });

  const image = makeImage({ type: 'png', seed: 1 });
  await stack.s3.putObject({
    bucket: 'media',
    key: 'a.png',
    body: image.stream(),
    contentType: image.contentType,
  });
  const text = plant('text');
  const posts: string[] = [];
  for (const username of ['filed', ...usernames]) {
    const post = await ask('/v1/posts', {
      account: `@${username}`,
      text: `${text} of ${username}`,
      media: [{ bucket: 'media', key: 'a.png' }],
    });
    posts.push(post.id);
  }
  await eventually(
    async () => {
      const views = await Promise.all(posts.map((id) => ask(`/v1/posts/${id}`)));
      return views.every(({ status }) => status === 'published');
    },
    { timeoutMs: 60_000, describe: 'the end of all posts' },
  );
  const ledger = await stack.sim.ledger();
  expect(ledger.posts).toHaveLength(3);
  expect(ledger.requests['oauth2.token']).toEqual({ 200: 2 });
  expect(ledger.requests['posts.create']).toMatchObject({ 401: 1 });

  // What the tokens have become meanwhile counts as well.
  const records = createAccountRecords({ redis, layout: layOut(1), defaultTier: 'unlimited' });
  const vault = createVault({ records, ring: parseKeyRing(ring), now: Date.now });
  const { accounts } = await records.list({ limit: 10, cursor: null });
  expect(accounts).toHaveLength(3);
  const now = await Promise.all(accounts.map(({ profile }) => vault.secretOf(profile.id)));
  const tokens = now.flatMap((secret) =>
    secret?.type === 'oauth2' ? [secret.accessToken, secret.refreshToken ?? secret.accessToken] : [],
  );
  expect(tokens).toHaveLength(4);
  expect(tokens).not.toContain(planted.refreshToken);
  await ask('/v1/accounts');

  const needles = [...Object.values(planted), ...tokens].flatMap((value) => [
    value,
    Buffer.from(value).toString('base64').replace(/=+$/, ''),
    Buffer.from(value).toString('hex'),
    encodeURIComponent(value),
  ]);
  needles.push(
    ringKey.toString('hex'),
    ringKey.toString('latin1'),
    Buffer.from(`${clientId}:${planted.clientSecret}`).toString('base64'),
  );
  const clear = await readAll();
  await stack.restartApi();
  const places = {
    redis: clear,
    disk: readDisk(stack.redis?.dir ?? ''),
    output: lines.join('\n'),
    answers: answers.join('\n'),
  };
  // The search itself finds what may be found.
  expect(places.redis).toContain(text);
  expect(places.disk).toContain(text);
  expect(places.answers).toContain(text);
  expect(places.output).toContain('tokens refreshed');
  for (const [place, content] of Object.entries(places)) {
    for (const needle of needles) expect(content.includes(needle), `${needle} in ${place}`).toBe(false);
  }
});
