import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, test } from 'vitest';
import { findRedis, isNewEnough, planRedis } from '../src/find-redis.ts';
import { makeTempDir, type TempDir } from '../src/on-exit.ts';

const dirs: TempDir[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) dir.remove();
});

/** A folder with one executable that answers `--version` as the server of that name does. */
function folderWith(command: string, answer: string): string {
  const dir = makeTempDir('slipway-find-redis-');
  dirs.push(dir);
  const file = join(dir.path, command);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${answer}\n`);
  chmodSync(file, 0o755);
  return dir.path;
}

const says = (version: string): string =>
  `echo 'Redis server v=${version} sha=00000000:0 malloc=libc bits=64'`;
const nowhere = '/nonexistent';

describe('findRedis', () => {
  test('takes the first folder of PATH that has one', ({ expect }) => {
    const first = folderWith('redis-server', says('7.0.15'));
    const second = folderWith('redis-server', says('8.2.0'));
    expect(findRedis({ path: `${nowhere}:${first}:${second}`, toolsDir: nowhere })).toEqual({
      command: join(first, 'redis-server'),
      env: {},
      version: '7.0.15',
    });
  });

  test('prefers Redis to Valkey wherever they are, and takes Valkey alone', ({ expect }) => {
    const valkey = folderWith('valkey-server', "echo 'Valkey server v=8.1.1 sha=00000000:0'");
    const redis = folderWith('redis-server', says('7.0.15'));
    expect(findRedis({ path: `${valkey}:${redis}`, toolsDir: nowhere })?.command).toBe(
      join(redis, 'redis-server'),
    );
    expect(findRedis({ path: valkey, toolsDir: nowhere })).toMatchObject({ version: '8.1.1' });
  });

  test('passes over one that is too old, and one that does not start', ({ expect }) => {
    const old = folderWith('redis-server', says('6.0.16'));
    const broken = folderWith('redis-server', 'echo "libjemalloc.so.2: not found" >&2; exit 127');
    const good = folderWith('redis-server', says('6.2.0'));
    expect(findRedis({ path: `${old}:${broken}:${good}`, toolsDir: nowhere })?.version).toBe('6.2.0');
    expect(findRedis({ path: `${old}:${broken}`, toolsDir: nowhere })).toBeUndefined();
  });

  test('takes the one that set-up unpacked last, and tells it where its libraries are', ({ expect }) => {
    const toolsDir = folderWith('usr/bin/redis-server', `test -n "$LD_LIBRARY_PATH" && ${says('7.0.15')}`);
    const libraries = join(toolsDir, 'usr/lib/x86_64-linux-gnu');
    mkdirSync(libraries, { recursive: true });
    expect(findRedis({ path: nowhere, toolsDir })).toMatchObject({ env: { LD_LIBRARY_PATH: libraries } });
    const installed = folderWith('valkey-server', says('7.2.0'));
    expect(findRedis({ path: installed, toolsDir })?.command).toBe(join(installed, 'valkey-server'));
  });
});

test('isNewEnough compares by number, not by letter', ({ expect }) => {
  expect(['6.2.0', '7.0.15', '10.0.0'].filter(isNewEnough)).toEqual(['6.2.0', '7.0.15', '10.0.0']);
  expect(['6.0.16', '5.9.9', '2.8.24'].filter(isNewEnough)).toEqual([]);
});

describe('planRedis', () => {
  const nothing = {
    redisUrl: undefined,
    ownServerNeeded: false,
    found: false,
    hasApt: false,
    isRoot: false,
    hasSystemd: false,
  };
  test.for([
    [{ redisUrl: 'redis://db', found: true, hasApt: true, isRoot: true }, 'use-url'],
    [{ redisUrl: 'redis://db', ownServerNeeded: true, found: true, hasApt: true, isRoot: true }, 'use-found'],
    [{ redisUrl: 'redis://db', ownServerNeeded: true }, 'ask'],
    [{ redisUrl: '', found: true }, 'use-found'],
    [{ found: true, hasApt: true, isRoot: true }, 'use-found'],
    [{ hasApt: true, isRoot: true }, 'apt-install'],
    [{ hasApt: true, isRoot: true, hasSystemd: true }, 'apt-unpack'],
    [{ hasApt: true }, 'apt-unpack'],
    [{ isRoot: true }, 'ask'],
    [{}, 'ask'],
  ] as const)('%o: %s', ([situation, plan], { expect }) => {
    expect(planRedis({ ...nothing, ...situation })).toBe(plan);
  });
});
