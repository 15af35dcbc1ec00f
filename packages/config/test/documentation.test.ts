import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'vitest';

// The generator knows the apps, which a package must not: it runs as a process of its own.
const generator = fileURLToPath(new URL('../../../scripts/write-configuration.ts', import.meta.url));

test('docs/configuration.md tells the settings as the apps declare them', async ({ expect }) => {
  const check = promisify(execFile)(process.execPath, [generator, '--check']);
  await expect(check).resolves.toMatchObject({ stderr: '' });
});
