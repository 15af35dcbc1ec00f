#!/usr/bin/env node
/** The command line as a process. Exit status: 0 when all is well, 1 when something is not, 2 for a command that is none. */
import { parseArgs } from 'node:util';
import { examine } from './doctor/examine.ts';
import { writeReport } from './doctor/report.ts';

const USAGE = `Usage: slipway doctor [--bucket NAME] [--json]

Examines the settings and all that Slipway works with, from the environment that the API and the workers have.

  --bucket NAME   also tells whether this bucket of S3 can be read
  --json          prints {"ok": …, "findings": [{"level", "check", "message"}]}

Ends with status 1 if something would lose posts or not work.
`;

const { command, bucket, json } = readArguments();
if (command === 'doctor') {
  const findings = await examine(process.env, bucket);
  process.stdout.write(json ? `${JSON.stringify(summarize())}\n` : writeReport(findings));
  process.exitCode = summarize().ok ? 0 : 1;

  function summarize() {
    return { ok: findings.every(({ level }) => level !== 'failure'), findings };
  }
} else if (command === 'help') {
  process.stdout.write(USAGE);
}

function readArguments(): { command: 'doctor' | 'help'; bucket: string | null; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        bucket: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { command: 'help', bucket: null, json: false };
    if (positionals.join(' ') !== 'doctor') throw new Error('The command is: doctor');
    return { command: 'doctor', bucket: values.bucket ?? null, json: values.json };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}
