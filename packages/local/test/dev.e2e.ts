import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
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

/** What a curl command in a text would send. It is not run by curl, which not every machine has. */
function readCurl(text: string): { url: string; headers: Record<string, string>; body: string } {
  const [command = ''] = /curl -s [\s\S]*?-d '[^']*'/.exec(text) ?? [];
  const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  return {
    url: /http:\S+/.exec(command)?.[0] ?? '',
    headers: Object.fromEntries(headers),
    body: /-d '([^']*)'/.exec(command)?.[1] ?? '',
  };
}

test('the command that it prints posts something, and so does the one of the README', async ({ expect }) => {
  const printed = readCurl(dev.lines.join('\n'));
  const readme = readCurl(readFileSync(`${root}README.md`, 'utf8'));
  expect(new URL(readme.url).pathname).toBe(new URL(printed.url).pathname);

  for (const [index, body] of [printed.body, readme.body].entries()) {
    // X takes the same text once a day.
    const text = body.replace('Hello from S3', `Hello from S3, ${index}`);
    const response = await fetch(printed.url, { method: 'POST', headers: printed.headers, body: text });
    expect(response.status).toBe(202);
    const { id }: { id: string } = JSON.parse(await response.text());
    const events = await fetch(`${printed.url}/${id}/events`, { headers: printed.headers });
    expect(await events.text()).toContain('event: post.published');
  }
});

test('ends everything that it started', async ({ expect }) => {
  expect(await dev.stop(20_000)).toEqual({ code: 0, signal: null });
});
