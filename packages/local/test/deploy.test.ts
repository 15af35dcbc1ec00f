import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';

// No container engine runs the tests: what can be held to is that the files of deploy/ agree with the repository.

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const dockerfile = read('deploy/Dockerfile');
const compose = read('docker-compose.yml');

function readDependencies(folder: string): string[] {
  const manifest: { dependencies?: Record<string, string> } = JSON.parse(read(`${folder}/package.json`));
  return Object.keys(manifest.dependencies ?? {});
}

/** The folders of these workspace packages and of all that they need to run. */
function closure(folders: string[]): Set<string> {
  const found = new Set(folders);
  for (const folder of found) {
    for (const dependency of readDependencies(folder)) {
      if (dependency.startsWith('@slipway/')) found.add(dependency.replace('@slipway/', 'packages/'));
    }
  }
  return found;
}

describe('deploy/Dockerfile', () => {
  const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].map(([, paths = '']) =>
    paths.split(' '),
  );

  test('copies only what exists', ({ expect }) => {
    const sources = copies.flatMap((paths) => paths.slice(0, -1));
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.filter((source) => !existsSync(join(root, source)))).toEqual([]);
  });

  test('copies the manifest and the source of every package that its programs need', ({ expect }) => {
    const needed = closure(['apps/api', 'apps/cli', 'apps/worker', 'packages/x-sim']);
    const wanted = [...needed].flatMap((folder) => [
      [`${folder}/package.json`, `${folder}/`],
      [`${folder}/src`, `${folder}/src`],
    ]);
    expect(copies).toEqual(expect.arrayContaining(wanted));
  });
});

describe('docker-compose.yml', () => {
  test('runs files that the image has', ({ expect }) => {
    const files = [...compose.matchAll(/command: \[node, ([^\],]+)/g)].map(([, file = '']) => file);
    expect(files).toHaveLength(4);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('has every variable explained in .env.example, and no more there', ({ expect }) => {
    const used = new Set([...compose.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
    const explained = new Set(
      [...read('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name),
    );
    expect(explained).toEqual(used);
  });

  test('holds no secret: what is secret has no default', ({ expect }) => {
    const secrets = [...compose.matchAll(/\$\{\w*(?:KEY|PASSWORD|SECRET|ACCOUNTS)\w*(..)/g)];
    expect(secrets.length).toBeGreaterThan(5);
    expect(secrets.filter(([, operator]) => operator !== ':?')).toEqual([]);
  });
});
