import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventually } from '@slipway/testkit';
import { afterAll, beforeAll, test } from 'vitest';
import { type LocalProcess, spawnProcess } from '../src/index.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let dev: LocalProcess;

beforeAll(async () => {
  dev = await spawnProcess({
    name: 'dev',
    command: process.execPath,
    args: [fileURLToPath(new URL('../src/dev.ts', import.meta.url))],
    readyWhen: /^\s+-d '/,
    readyWithinMs: 40_000,
  });
});

afterAll(async () => {
  await dev.stop(20_000);
});

interface Curl {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | null;
}

/** What the curl commands in a text would send. They are not run by curl, which not every machine has. */
function readCurls(text: string): Curl[] {
  return [...text.matchAll(/curl -s (?:\\\n|[^\n])*/g)].map(([command]) => {
    const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    const body = /-d '([^']*)'/.exec(command)?.[1] ?? null;
    return {
      url: /http:\S+/.exec(command)?.[0] ?? '',
      method: /-X (\w+)/.exec(command)?.[1] ?? (body === null ? 'GET' : 'POST'),
      headers: Object.fromEntries(headers),
      body,
    };
  });
}

const printed = (path: string): Promise<Curl> =>
  eventually(() => readCurls(dev.lines.join('\n')).find(({ url }) => new URL(url).pathname === path), {
    describe: `the command for ${path}`,
  });

async function run({ url, method, headers, body }: Curl): Promise<{ status: number; body: string }> {
  const response = await fetch(url, { method, headers, body });
  return { status: response.status, body: await response.text() };
}

test('the command that it prints posts something, and so does the one of the README', async ({ expect }) => {
  const command = await printed('/v1/posts');
  const [readme] = readCurls(readFileSync(`${root}README.md`, 'utf8'));
  expect(new URL(readme?.url ?? '').pathname).toBe(new URL(command.url).pathname);

  for (const [index, body] of [command.body, readme?.body].entries()) {
    // X takes the same text once a day.
    const text = body?.replace('Hello from S3', `Hello from S3, ${index}`) ?? null;
    const answer = await run({ ...command, body: text });
    expect(answer.status).toBe(202);
    const { id }: { id: string } = JSON.parse(answer.body);
    const events = await fetch(`${command.url}/${id}/events`, { headers: command.headers });
    expect(await events.text()).toContain('event: post.published');
  }
});

test('a person connects an account at the simulated X, as the command that it prints says', async ({
  expect,
}) => {
  const begun = await run(await printed('/v1/accounts/connect'));
  expect(begun.status).toBe(200);
  const { authorizeUrl }: { authorizeUrl: string } = JSON.parse(begun.body);
  const consent = await (await fetch(authorizeUrl)).text();
  expect(consent).toContain('Authorize app as @harbor');
  // What the link on that page does.
  const page = await fetch(`${authorizeUrl}&approve=harbor`);
  expect(await page.text()).toContain('@harbor is connected');
  expect(page.url).toContain('/v1/accounts/callback');
});

test('the commands of docs/accounts.md work', async ({ expect }) => {
  const { url, headers } = await printed('/v1/accounts/connect');
  const x = /X\s+(http:\S+)/.exec(dev.lines.join('\n'))?.[1];
  const user = await fetch(`${x}/_sim/users`, { method: 'POST', body: '{"username":"pasted"}' });
  const { accessToken, refreshToken }: Record<string, string> = JSON.parse(await user.text());
  const commands = readCurls(readFileSync(`${root}docs/accounts.md`, 'utf8'));
  expect(commands.length).toBe(4);
  for (const command of commands) {
    const body =
      command.body
        ?.replace('"accessToken":"…"', `"accessToken":"${accessToken}"`)
        .replace('"refreshToken":"…"', `"refreshToken":"${refreshToken}"`) ?? null;
    const here = new URL(new URL(command.url).pathname, url).href;
    const answer = await run({
      ...command,
      url: here,
      body,
      headers: { ...command.headers, ...headers },
    });
    expect(answer.status, `${command.method} ${here}: ${answer.body}`).toBe(200);
  }
});

test('ends everything that it started', async ({ expect }) => {
  expect(await dev.stop(20_000)).toEqual({ code: 0, signal: null });
});
