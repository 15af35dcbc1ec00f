import type { AccountRecord, AccountRecords } from '@slipway/store';
import { z } from 'zod';
import { Problem } from './problems.ts';

/** The address of an account. */
export const accountAddressSchema = z.object({
  id: z.string().max(64).describe('Id of the account, `acct_` and 26 characters; or its `@username`.'),
});

/** The account of that id or @username. Throws `account_not_found`. */
export async function findAccount(records: AccountRecords, ref: string): Promise<AccountRecord> {
  const found = ref.startsWith('@') ? await records.findByUsername(ref.slice(1)) : await records.get(ref);
  if (found) return found;
  throw accountNotFound(ref);
}

export function accountNotFound(ref: string): Problem {
  return new Problem('account_not_found', {
    detail: `There is no account ${JSON.stringify(ref)}.`,
    hint: 'Name it by its id (acct_...) or its @username; GET /v1/accounts lists the accounts.',
  });
}
