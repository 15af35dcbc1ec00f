// Where things are in this checkout, and the environment in which its tools run. Works on any Node since 18.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const toolsDir = join(root, '.tools');

const { packageManager, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
export const pnpmVersion = packageManager.replace('pnpm@', '');
export const nodeMajor = Number(/\d+/.exec(engines.node)?.[0]);

/**
 * The Node that runs the project: the one its lockfile brings, or the system's where there is none for the platform.
 * Undefined when neither is new enough.
 */
export function findNode() {
  return [join(root, 'node_modules/.bin/node'), process.execPath, 'node'].find((node) => {
    try {
      const version = execFileSync(node, ['--version'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return Number(/\d+/.exec(version)?.[0]) >= nodeMajor;
    } catch {
      return false;
    }
  });
}

/** Our environment (certificates and npm's configuration included), with the project's tools first on PATH. */
export function toolEnvironment(node) {
  const folders = [join(root, 'node_modules/.bin'), join(toolsDir, 'node_modules/.bin')];
  if (node?.includes('/')) folders.push(dirname(node));
  return {
    ...process.env,
    PATH: [...folders, process.env.PATH].join(delimiter),
    TURBO_TELEMETRY_DISABLED: '1',
  };
}
