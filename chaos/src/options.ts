import { parseArgs } from 'node:util';
import { FAULT_NAMES } from './plan/plan-faults.ts';
import { PROFILES, type PlanOptions, type Profile } from './plan/vocabulary.ts';

export const USAGE = `Usage: pnpm chaos [--posts 200] [--seed random] [--minutes 1] [--profile ${PROFILES.join('|')}] [--workers 3]
                  [--without KIND]... [--setting NAME=VALUE]... [--verbose]
       pnpm chaos --replay LOG

KIND is one of ${FAULT_NAMES.join(' ')}, or what is before the dot.`;

/** What the command line asks for: a plan to be made, or one that was logged. Throws with a message for people. */
export function readOptions(
  args: string[],
): { replay: string; verbose: boolean } | { plan: PlanOptions; verbose: boolean } {
  const { values } = parseArgs({
    args,
    options: {
      posts: { type: 'string', default: '200' },
      seed: { type: 'string' },
      minutes: { type: 'string', default: '1' },
      profile: { type: 'string', default: 'always' },
      workers: { type: 'string', default: '3' },
      without: { type: 'string', multiple: true, default: [] },
      setting: { type: 'string', multiple: true, default: [] },
      replay: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  });
  const { verbose } = values;
  if (values.replay !== undefined) return { replay: values.replay, verbose };
  for (const kind of values.without) {
    const isKnown = FAULT_NAMES.some((name) => name === kind || name.startsWith(`${kind}.`));
    if (!isKnown)
      throw new Error(`--without ${kind}: there is no such fault. There are: ${FAULT_NAMES.join(' ')}`);
  }
  return {
    verbose,
    plan: {
      posts: readNumber('posts', values.posts, 1),
      seed: values.seed === undefined ? Date.now() % 1_000_000 : readNumber('seed', values.seed, 0),
      minutes: readNumber('minutes', values.minutes, 0.1),
      profile: readProfile(values.profile),
      workers: readNumber('workers', values.workers, 1),
      without: values.without,
      settings: Object.fromEntries(values.setting.map(readSetting)),
    },
  };
}

function readNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  const mustBeWhole = name !== 'minutes';
  if (!(value >= least) || (mustBeWhole && !Number.isInteger(value))) {
    throw new Error(
      `--${name} ${text}: must be a ${mustBeWhole ? 'whole number' : 'number'} from ${least} up.`,
    );
  }
  return value;
}

function readProfile(text: string): Profile {
  const profile = PROFILES.find((each) => each === text);
  if (!profile) throw new Error(`--profile ${text}: must be one of ${PROFILES.join(', ')}.`);
  return profile;
}

function readSetting(text: string): [string, string] {
  const [name = '', ...value] = text.split('=');
  if (!/^[A-Z][A-Z0-9_]*$/.test(name) || value.length === 0) {
    throw new Error(`--setting ${text}: must be NAME=VALUE, as in the environment.`);
  }
  return [name, value.join('=')];
}
