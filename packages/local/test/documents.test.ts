import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname, resolve } from 'node:path';
import { describe, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = [
  'README.md',
  'chaos/README.md',
  'docs/accounts.md',
  'docs/architecture.md',
  'docs/configuration.md',
  'docs/errors.md',
  'docs/redis.md',
  'docs/scheduling.md',
].concat(readdirSync(resolve(root, 'docs/decisions')).map((name) => `docs/decisions/${name}`));
const read = (page: string): string => readFileSync(resolve(root, page), 'utf8');

/** Folders of packages that a page may name a file in without saying so each time. */
const HOMES = [
  '',
  'chaos/',
  'packages/pipeline/src/',
  'packages/store/src/',
  'apps/api/',
  'apps/worker/',
  'apps/worker/src/',
];

describe.for(pages)('%s', (page) => {
  test('links only to files that are there', ({ expect }) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, link]) => link ?? '',
    );
    expect(links.filter((link) => !existsSync(resolve(root, dirname(page), link)))).toEqual([]);
  });

  test('names only files and folders that are there', ({ expect }) => {
    const names = [
      ...read(page).matchAll(/`((?:apps|packages|scripts|docs|core|perform|src|lua)\/[\w./-]+)`/g),
    ].map(([, name]) => name ?? '');
    const homes = HOMES.concat([
      'packages/x-media/',
      'packages/x-sim/',
      'packages/config/',
      'packages/local/',
      'packages/testkit/',
      'packages/pipeline/',
      'packages/store/',
    ]);
    expect(names.filter((name) => !homes.some((home) => existsSync(resolve(root, home, name))))).toEqual([]);
  });

  test('names only commands that there are', ({ expect }) => {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));
    const commands = [
      ...read(page).matchAll(/\b(?:npm run|npm|pnpm) ((?:test|demo|dev|docs|doctor|check|chaos)[\w:]*)/g),
    ].map(([, name]) => name ?? '');
    expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  });
});
