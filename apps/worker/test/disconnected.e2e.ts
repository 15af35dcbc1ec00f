import { findFreePort, type Stack, startStack } from '@slipway/local';
import { eventually, makeImage, makeVideo } from '@slipway/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { callSlipway } from './slipway-caller.ts';

/** Within the lead, so that media are uploaded at once; longer than any of this takes. */
const AHEAD_MS = 300_000;

let stack: Stack;

beforeAll(async () => {
  const apiPort = await findFreePort();
  stack = await startStack({ workers: 2, apiPort, sim: { processingMs: { tweet_video: 500 } } });
});
afterAll(() => stack.stop());

interface Waiting {
  status: string;
  waiting: { reason: string; detail: string | null } | null;
}

async function ask(path: string, method = 'GET', body?: object) {
  const answer = await fetch(new URL(path, stack.api.url), {
    method,
    headers: { authorization: `Bearer ${stack.api.key}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

/** Goes to X and back, as a person does with a browser. */
async function connect(username: string): Promise<string> {
  const { body } = await ask('/v1/accounts/connect', 'POST');
  return (await fetch(`${body.authorizeUrl}&approve=${username}`)).text();
}

test('an account is removed while its posts are staged; connected again, they go out once', async ({
  expect,
}) => {
  const slipway = callSlipway(stack);
  const harbor = await stack.sim.addUser({ username: 'harbor' });
  expect(await connect('harbor')).toContain('@harbor is connected');
  const { body: account } = await ask('/v1/accounts/@harbor');
  await slipway.put('video', makeVideo({ bytes: 512 * 1024, seed: 1 }));
  await slipway.put('image', makeImage({ type: 'png', seed: 2 }));

  const publishAt = new Date(Date.now() + AHEAD_MS).toISOString();
  const posts = await Promise.all(
    [['video'], ['image'], []].map((keys, index) =>
      slipway.post(`staged ${index}`, keys, account, { publishAt }),
    ),
  );
  const look = async (): Promise<Waiting[]> =>
    Promise.all(posts.map(async ({ id }) => (await ask(`/v1/posts/${id}`)).body));
  await eventually(async () => (await stack.sim.ledger(harbor.id)).uploads.length === 2, {
    describe: 'both uploads',
  });
  await eventually(async () => (await look()).slice(0, 2).every(({ status }) => status === 'staged'), {
    describe: 'two posts that are staged',
  });

  const removed = await ask('/v1/accounts/@harbor', 'DELETE');
  expect(removed).toMatchObject({ status: 200, body: { id: account.id, revoked: true } });
  const now = new Date().toISOString();
  for (const { id } of posts)
    expect((await ask(`/v1/posts/${id}`, 'PATCH', { publishAt: now })).status).toBe(200);
  await eventually(async () => (await look()).every(({ waiting }) => waiting?.reason === 'account'), {
    timeoutMs: 30_000,
    describe: 'posts that wait for their account',
  });
  for (const { waiting } of await look()) {
    expect(waiting?.detail).toBe('The account was disconnected; connect it again, or cancel the post.');
  }
  expect((await stack.sim.ledger(harbor.id)).posts).toEqual([]);

  expect(await connect('harbor')).toContain('@harbor is connected');
  for (const { id } of posts) expect(await slipway.ended(id, 30_000)).toMatchObject({ status: 'published' });
  const { posts: made, uploads } = await stack.sim.ledger(harbor.id);
  expect(made.map(({ text }) => text).toSorted()).toEqual(['staged 0', 'staged 1', 'staged 2']);
  // What X had of the media was used: the account is the same one.
  expect(uploads).toHaveLength(2);
});
