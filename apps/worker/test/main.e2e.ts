import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, test } from 'vitest';

const EX_CONFIG = 78;
const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'slipway-worker-'));
afterAll(() => rmSync(dir, { recursive: true }));

async function start(settings: Record<string, string>): Promise<{ status: number | null; said: string }> {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  return { status: child.exitCode, said };
}

function accountsFile(content: object): string {
  const path = join(dir, 'accounts.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

describe('a worker that cannot run says all that is wrong and ends with 78', () => {
  test('without settings', async ({ expect }) => {
    const { status, said } = await start({});
    expect(status).toBe(EX_CONFIG);
    expect(said).toContain('REDIS_URL: is not set');
    expect(said).toMatch(/SLIPWAY_SECRET_KEYS: is not set.*openssl rand -base64 32/);
    expect(said).not.toContain('    at ');
  });

  test('with a file of accounts that is none, whose tokens it keeps to itself', async ({ expect }) => {
    const credentials = { type: 'oauth2', accessToken: 'a planted token' };
    const SLIPWAY_ACCOUNTS_FILE = accountsFile({
      accounts: [{ id: 'x', username: 'd', xUserId: '1', credentials }],
    });
    const { status, said } = await start({
      REDIS_URL: 'redis://127.0.0.1:1',
      SLIPWAY_SECRET_KEYS: `k:${Buffer.alloc(32).toString('base64')}`,
      SLIPWAY_ACCOUNTS_FILE,
    });
    expect(status).toBe(EX_CONFIG);
    expect(said).toContain('accounts[0].id');
    expect(said).toContain('accounts[0].credentials.accessToken');
    expect(said).not.toContain('planted');
  });
});
