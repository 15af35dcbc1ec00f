import { describe, test } from 'vitest';
import { spawnProcess } from '../src/index.ts';
import { isRunning } from './is-running.ts';

const node = (script: string) => ({ name: 'child', command: process.execPath, args: ['-e', script] });

describe('spawnProcess', () => {
  test('is ready at the line it was told to wait for, from either stream', async ({ expect }) => {
    const heard: string[] = [];
    const child = await spawnProcess({
      ...node('console.log("loading"); console.error("ready on 80"); setInterval(() => {}, 1000)'),
      readyWhen: /^ready on \d+/,
      onLine: (line) => heard.push(line),
    });
    expect(child.readyLine).toBe('ready on 80');
    expect(heard).toEqual(child.lines);
    expect(isRunning(child.pid)).toBe(true);
    expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' });
    expect(isRunning(child.pid)).toBe(false);
    expect(child.kill('SIGTERM')).toBe(false);
  });

  test('tells how a child ended, and its last words, when it ends before it is ready', async ({ expect }) => {
    const ended = spawnProcess({
      ...node('console.error("no configuration"); process.exit(7)'),
      readyWhen: /ready/,
    });
    await expect(ended).rejects.toThrow(/^child ended with status 7[^]*no configuration$/);
  });

  test('ends a child that is not ready in time', async ({ expect }) => {
    let pid = 0;
    const silent = spawnProcess({
      name: 'child',
      command: '/bin/sh',
      args: ['-c', 'echo $$; exec sleep 60'],
      readyWhen: (line) => {
        pid = Number(line);
        return false;
      },
      readyWithinMs: 1_000,
    });
    await expect(silent).rejects.toThrow('child was not ready within 1000 ms');
    expect(pid).toBeGreaterThan(0);
    expect(isRunning(pid)).toBe(false);
  });

  test('says that a command is not there', async ({ expect }) => {
    await expect(spawnProcess({ name: 'child', command: '/nonexistent/tool' })).rejects.toThrow(
      /child could not be started: .*ENOENT/,
    );
  });

  test('kills a child that will not end', async ({ expect }) => {
    const child = await spawnProcess({
      ...node('process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000)'),
      readyWhen: /ready/,
    });
    expect(await child.stop(50)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('tells how a child ended by itself', async ({ expect }) => {
    const child = await spawnProcess(node('process.exit(3)'));
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(await child.stop()).toEqual({ code: 3, signal: null });
  });

  test('keeps the latest 500 lines', async ({ expect }) => {
    const child = await spawnProcess({
      ...node('for (let n = 1; n <= 800; n++) console.log("line", n); setInterval(() => {}, 1000)'),
      readyWhen: /line 800/,
    });
    expect([child.lines.length, child.lines[0], child.lines.at(-1)]).toEqual([500, 'line 301', 'line 800']);
    await child.stop();
  });
});
