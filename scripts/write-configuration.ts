/**
 * Writes docs/configuration.md from the settings that the apps declare. With `--check` it writes nothing, and ends with status 1
 * when the document is not what it would write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiSettings } from '../apps/api/src/config.ts';
import { workerSettings } from '../apps/worker/src/config.ts';
import type { SettingsShape } from '../packages/config/src/index.ts';

const path = fileURLToPath(new URL('../docs/configuration.md', import.meta.url));

const apps: { name: string; settings: SettingsShape }[] = [
  { name: 'API', settings: apiSettings },
  { name: 'worker', settings: workerSettings },
];

const intro = `# Configuration

The API and the worker take their settings from the environment, and from nowhere else; the Docker images and \`npm run dev\` set
the same variables. A process reads them once, when it starts. It does not start with settings that are wrong: it names all of
them at once, says what each means, and ends with status 78. An empty value counts as not set. Names that end in \`_MS\` are
milliseconds, those in \`_BYTES\` are bytes.

Settings that the table gives to both must be the same for all processes of an installation; only the level of the logs may
differ.

## Secrets

These hold secrets: \`SLIPWAY_SECRET_KEYS\`, \`SLIPWAY_API_KEYS\`, \`SLIPWAY_X_CLIENT_SECRET\`, the file that
\`SLIPWAY_ACCOUNTS_FILE\` names, \`REDIS_URL\` if it has a password, and the credentials of S3. Slipway never prints a value of a
setting, neither when it is wrong nor in its logs.

Tokens of accounts are in Redis only as \`SLIPWAY_SECRET_KEYS\` has sealed them (AES-256-GCM, bound to their account). To change the
key: put a new one in front of the old one and restart all processes, run \`npm run keys -- rotate-secrets\` (\`slipway keys
rotate-secrets\`; it may run while workers do, and be run again), then take the old key away.

## A file of accounts

Accounts can be connected by the API, or be given in a file. Each is taken into Redis when an API or a worker starts, once, and
again only when its credentials in the file have changed: what was refreshed since is not overwritten by an old file. An account
that is taken out of the file stays. Give the file to the user that the processes run as, and to nobody else.

\`\`\`json
{
  "accounts": [
    {
      "id": "acct_01hzzzzzzzzzzzzzzzzzzzzzzz",
      "username": "example",
      "xUserId": "2244994945",
      "credentials": { "type": "oauth2", "accessToken": "...", "refreshToken": "..." }
    }
  ]
}
\`\`\`

\`id\` is \`acct_\` and a lower-case ULID of your choice; posts name it. \`refreshToken\`, \`expiresAt\` (an instant such as
\`2026-01-01T00:00:00Z\`) and \`scopes\` may be left out; without a refresh token the account works until its token ends. The other
kind of credentials is \`{"type": "oauth1", "consumerKey", "consumerSecret", "accessToken", "accessTokenSecret"}\`. An account may
also have a \`tier\` and \`settings\` (\`weight\`, \`monthlyBudgetUsd\`, \`calendar\`, \`conflictDistanceMs\`), which are taken along with
its credentials.

## Credentials of S3

Slipway does not have settings of its own for them. The AWS SDK finds them in its usual places: \`AWS_ACCESS_KEY_ID\` and
\`AWS_SECRET_ACCESS_KEY\` (and \`AWS_SESSION_TOKEN\` for temporary ones), a profile (\`AWS_PROFILE\`), or the role of the machine or
container. They need \`s3:GetObject\` on the media, and \`s3:GetObjectVersion\` where posts name versions. Both the API, which looks
at media before it accepts a post, and the workers need them.

## Settings

`;

const document = intro + table(['Setting', 'For', 'Meaning', 'Default'], rows());
if (process.argv.includes('--check')) {
  if (read() !== document) {
    console.error('docs/configuration.md is stale; run: pnpm docs:configuration');
    process.exitCode = 1;
  }
} else {
  writeFileSync(path, document);
}

/** Those of all apps first, then those of each. */
function rows(): string[][] {
  const names = new Set(apps.flatMap(({ settings }) => Object.keys(settings)));
  const described = [...names].map((name) => {
    const users = apps.filter(({ settings }) => name in settings);
    const [facts, ...others] = users.map(({ settings }) => describe(name, settings));
    if (!facts || others.some((other) => other.join() !== facts.join())) {
      throw new Error(`${name} does not mean the same to ${users.map((app) => app.name).join(' and ')}`);
    }
    return { users, cells: [`\`${name}\``, users.map((app) => app.name).join(', '), ...facts] };
  });
  return described.toSorted((a, b) => b.users.length - a.users.length).map(({ cells }) => cells);
}

/** What a setting means, and its default. */
function describe(name: string, settings: SettingsShape): [meaning: string, byDefault: string] {
  const setting = settings[name];
  if (!setting?.description) throw new Error(`${name} does not say what it means`);
  const unset = setting.safeParse(undefined);
  const inWords = setting.meta()?.['defaultIs'];
  if (typeof inWords === 'string') return [setting.description, inWords];
  if (!unset.success) return [setting.description, '**required**'];
  return [setting.description, unset.data === undefined ? 'none' : `\`${inPlainWords(unset.data)}\``];
}

/** As it would be written in the environment. */
function inPlainWords(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A table as the formatter leaves it. */
function table(head: string[], body: string[][]): string {
  const cells = [head, ...body].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  lines.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  );
  return lines.map((row) => `| ${row.join(' | ')} |\n`).join('');
}

function read(): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
