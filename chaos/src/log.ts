import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Plan } from './plan/vocabulary.ts';

/** A campaign as JSON lines: its plan first, then every fault as it happened, every violation, and the counts. */
export interface CampaignLog {
  readonly file: string;
  write(entry: { type: string } & Record<string, unknown>): void;
  close(): Promise<void>;
}

export function openLog(folder: string, plan: Plan, now: Date): CampaignLog {
  mkdirSync(folder, { recursive: true });
  const stamp = now.toISOString().replaceAll(':', '-').replace(/\..*/, '');
  const file = join(folder, `${plan.profile}-${plan.seed}-${stamp}.jsonl`);
  const stream = createWriteStream(file);
  const write = (entry: object): void => {
    // Processes that are just being stopped still have something to say.
    if (!stream.writableEnded) stream.write(`${JSON.stringify(entry)}\n`);
  };
  write({ type: 'plan', plan });
  return {
    file,
    write,
    async close() {
      stream.end();
      await once(stream, 'close');
    },
  };
}

/** The plan of a campaign that was logged. Throws on a file that is none of ours. */
export function readPlan(file: string): Plan {
  const [first = ''] = readFileSync(file, 'utf8').split('\n', 1);
  const entry: { type?: string; plan?: Plan } = JSON.parse(first);
  if (entry.type !== 'plan' || entry.plan?.version !== 1) {
    throw new Error(
      `${file} does not begin with a plan of this version; give a log that a campaign has written.`,
    );
  }
  return entry.plan;
}
