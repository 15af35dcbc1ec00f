/**
 * `pnpm chaos`: a fault campaign. Exit status 0 when every invariant held, 1 when one was violated, 2 when it could not be run.
 */
import { fileURLToPath } from 'node:url';
import { runCampaign } from './campaign.ts';
import { openLog, readPlan } from './log.ts';
import { readOptions, USAGE } from './options.ts';
import { makePlan } from './plan/plan.ts';
import { formatFault, formatReport } from './report.ts';

const EXIT = { violated: 1, notRun: 2 } as const;

try {
  process.exitCode = await campaign();
} catch (error) {
  console.error(error);
  process.exitCode = EXIT.notRun;
}
// A stream of events that an end of the campaign has left open must not keep us.
process.exit();

async function campaign(): Promise<number> {
  const options = orUsage(() => readOptions(process.argv.slice(2)));
  if (!options) return EXIT.notRun;
  const plan = 'replay' in options ? readPlan(options.replay) : makePlan(options.plan);
  const log = openLog(fileURLToPath(new URL('../logs/', import.meta.url)), plan, new Date());
  console.log(
    `Chaos: seed ${plan.seed}, ${plan.posts} posts, ${plan.minutes} min of faults (${plan.faults.length}), ${plan.workers} workers, profile ${plan.profile}`,
  );
  const startedAt = Date.now();
  try {
    const result = await runCampaign(plan, {
      onFault(record) {
        log.write({ type: 'fault', ...record });
        if (options.verbose) console.log(formatFault(record, startedAt));
      },
      onProgress: (line) => console.log(line),
      onLine: (name, line) => log.write({ type: 'line', name, line }),
    });
    for (const { id, status, text } of result.evidence.posts) {
      const { seen, told, ended } = result.evidence.events.get(id) ?? {};
      log.write({
        type: 'post',
        id,
        status,
        text,
        seen: seen?.map((event) => event.id),
        told: told?.length,
        ended,
      });
    }
    for (const violation of result.violations) log.write({ type: 'violation', ...violation });
    console.log(`\n${formatReport(result)}\n\nLog: ${log.file}`);
    if (result.violations.length === 0) return 0;
    console.log(`Again: pnpm chaos --replay ${log.file}`);
    return EXIT.violated;
  } finally {
    await log.close();
  }
}

function orUsage<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}
