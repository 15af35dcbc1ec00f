import { readAccountsFile } from '@slipway/accounts';
import type { Settings } from './examine.ts';
import type { Finding } from './finding.ts';

/** Rejects with all that is wrong with the file. */
export function examineAccounts({ SLIPWAY_ACCOUNTS_FILE: file }: Settings): Finding[] {
  if (file === undefined) return [];
  const accounts = readAccountsFile(file);
  if (accounts.length === 0) {
    return [{ level: 'warning', check: 'accounts', message: `${file} has none: add one to post as.` }];
  }
  const names = accounts.map(({ username }) => `@${username}`).join(', ');
  return [{ level: 'ok', check: 'accounts', message: `${file} has ${names}.` }];
}
