import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { X_ERROR_CODES } from '../src/index.ts';
import { readMultipart } from './openapi.ts';
import { startX } from './x-server.ts';

const root = join(import.meta.dirname, '..');
const readme = await readFile(join(root, 'README.md'), 'utf8');

test('the README explains every error code once, and no other', ({ expect }) => {
  const explained = [...readme.matchAll(/^\| `(\w+)`\s+\|/gm)].map(([, code]) => code);
  expect(explained).toHaveLength(X_ERROR_CODES.length);
  expect(new Set(explained)).toEqual(new Set(X_ERROR_CODES));
});

test("the README's example runs", async ({ expect }) => {
  const folder = await mkdtemp(join(tmpdir(), 'x-media-'));
  const film = Buffer.alloc(5 * 1024 * 1024, 'film');
  await writeFile(join(folder, 'film.mp4'), film);
  const pending = { state: 'pending', check_after_secs: 0 };
  await using server = await startX([
    { json: { data: { id: '7' } } },
    { status: 204 },
    { status: 204 },
    { json: { data: { id: '7', processing_info: pending } } },
    { json: { data: { id: '7', processing_info: { state: 'succeeded' } } } },
    { status: 201, json: { data: { id: '42', text: 'hello' } } },
  ]);
  const example = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1] ?? '';
  const program = example
    .replace('createXClient()', `createXClient({ baseUrl: '${server.url}' })`)
    .replace("'film.mp4'", JSON.stringify(join(folder, 'film.mp4')));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '--eval', `const accessToken = 'token';\n${program}`],
    // The package's own name resolves from its own folder.
    { cwd: root },
  );
  expect(stdout).toBe('https://x.com/i/web/status/42\n');
  const segments = server.seen.slice(1, 3).map((request) => readMultipart(request).at(-1)?.content);
  expect(Buffer.concat(segments.flatMap((segment) => segment ?? [])).equals(film)).toBe(true);
  await rm(folder, { recursive: true });
});
