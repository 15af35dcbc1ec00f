import { once } from 'node:events';
import type { Rig } from './rig.ts';

/** The commands that clients sent while `work` ran; with `inScripts` also those that scripts run inside Redis. */
export async function commandsDuring(
  rig: Rig,
  work: () => Promise<unknown>,
  { inScripts = false } = {},
): Promise<string[]> {
  const monitor = await rig.connect('blocking', 'monitor').monitor();
  const commands: string[] = [];
  const end = `end of ${Math.random()}`;
  const ended = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, [command = '', first = '']: string[], source: string) => {
      if (command.toLowerCase() === 'echo' && first === end) resolve();
      else if (inScripts || source !== 'lua') commands.push(command.toLowerCase());
    });
  });
  await work();
  await rig.redis.echo(end);
  await ended;
  const closed = once(monitor, 'end');
  monitor.disconnect();
  await closed;
  return commands;
}
