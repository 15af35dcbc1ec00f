#!/usr/bin/env node
/** The command line as a process. Exit status: 0 when all is well, 1 when something is not, 2 for a command that is none. */
import { parseArgs } from 'node:util';
import { examine } from './doctor/examine.ts';
import { writeReport } from './doctor/report.ts';
import { rotateAllSecrets } from './keys/rotate-all-secrets.ts';

const USAGE = `Usage: slipway doctor [--bucket NAME] [--json]
       slipway keys rotate-secrets

doctor examines the settings and all that Slipway works with, from the environment that the API and the workers have.

  --bucket NAME   also tells whether this bucket of S3 can be read
  --json          prints {"ok": …, "findings": [{"level", "check", "message"}]}

keys rotate-secrets encrypts the tokens of all accounts anew under the first key of SLIPWAY_SECRET_KEYS. Workers may go on, and it may
be run again. When it ends with status 0, the other keys are not needed any more.

Ends with status 1 if something would lose posts or not work.
`;

const { command, bucket, json } = readArguments();
switch (command) {
  case 'doctor': {
    const findings = await examine(process.env, bucket);
    const ok = findings.every(({ level }) => level !== 'failure');
    process.stdout.write(json ? `${JSON.stringify({ ok, findings })}\n` : writeReport(findings));
    process.exitCode = ok ? 0 : 1;
    break;
  }
  case 'keys rotate-secrets':
    process.exitCode = (await rotateAllSecrets(process.env, (line) => process.stdout.write(`${line}\n`)))
      ? 0
      : 1;
    break;
  case 'help':
    process.stdout.write(USAGE);
}

type Command = 'doctor' | 'keys rotate-secrets' | 'help';

function readArguments(): { command: Command; bucket: string | null; json: boolean } {
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
    const command = positionals.join(' ');
    if (command !== 'doctor' && command !== 'keys rotate-secrets') {
      throw new Error('The command is: doctor, or keys rotate-secrets');
    }
    return { command, bucket: values.bucket ?? null, json: values.json };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}
