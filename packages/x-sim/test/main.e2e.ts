import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');

test('prints its url when ready, takes a config and stops on SIGTERM, even while a request hangs', async ({
  expect,
}) => {
  const dir = mkdtempSync(join(tmpdir(), 'x-sim-main-'));
  const config = join(dir, 'config.json');
  writeFileSync(config, JSON.stringify({ timelineLagMs: 123 }));
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const url = /http:\S+$/.exec(String(line))?.[0] ?? '';
    const settings = await (await fetch(`${url}/_sim/config`)).json();
    expect(settings).toMatchObject({ timelineLagMs: 123 });
    const fault = JSON.stringify({ on: { operation: '*' }, do: { hang: true } });
    await fetch(`${url}/_sim/faults`, { method: 'POST', body: fault });
    const hanging = fetch(`${url}/2/users/me`).catch((error: unknown) => String(error));
    for (let fired = 0; fired === 0;)
      fired = JSON.parse(await (await fetch(`${url}/_sim/faults`)).text())[0].fired;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(await hanging).toContain('fetch failed');
  } finally {
    child.kill('SIGKILL');
    rmSync(dir, { recursive: true });
  }
});

test('says what is wrong with a config and does not start', async ({ expect }) => {
  const dir = mkdtempSync(join(tmpdir(), 'x-sim-main-'));
  const config = join(dir, 'config.json');
  writeFileSync(config, JSON.stringify({ nonsense: true }));
  const child = spawn(process.execPath, [MAIN, '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const [code] = await once(child, 'close');
  rmSync(dir, { recursive: true });
  expect(code).toBe(1);
  expect(errors).toContain('nonsense');
});
