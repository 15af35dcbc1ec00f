import { fileURLToPath } from 'node:url';
import { spawnProcess, type LocalProcess } from './spawn-process.ts';

export interface AppOptions {
  name: string;
  app: 'api' | 'worker';
  /** Settings of Slipway and of the S3 client; ours own of these kinds are not passed on. */
  settings: Readonly<Record<string, string>>;
  /** The `msg` of the log line that says it is ready. */
  readyMessage: string;
  /** By how much its clock is off; negative for behind. Default 0. */
  clockSkewMs?: number;
  onLine?: (line: string) => void;
}

/** Starts one of Slipway's programs. They log JSON lines on stdout. */
export async function startApp(options: AppOptions): Promise<LocalProcess> {
  const main = fileURLToPath(new URL(`../../../apps/${options.app}/src/main.ts`, import.meta.url));
  const skew = options.clockSkewMs
    ? ['--import', new URL(`skewed-clock.ts?ms=${options.clockSkewMs}`, import.meta.url).href]
    : [];
  return spawnProcess({
    name: options.name,
    command: process.execPath,
    args: [...skew, main],
    env: { ...environmentWithoutSettings(), ...options.settings },
    readyWhen: (line) => readLogLine(line)?.['msg'] === options.readyMessage,
    ...(options.onLine && { onLine: options.onLine }),
  });
}

/** A log line's fields; undefined for a line that is no log line. */
export function readLogLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const fields: Record<string, unknown> = JSON.parse(line);
    return fields;
  } catch {
    return undefined;
  }
}

/** What a developer has set for a real Slipway or a real S3 must not reach into a local one. */
function environmentWithoutSettings(): NodeJS.ProcessEnv {
  const isSetting = (name: string): boolean => /^(SLIPWAY_|AWS_|REDIS_URL$)/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
}
