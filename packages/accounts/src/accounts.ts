import type { Accounts } from '@slipway/pipeline';
import type { AccountRecords } from '@slipway/store';
import { credentialsIn } from './secret.ts';
import type { Vault } from './vault.ts';

export interface AccountsOptions {
  records: AccountRecords;
  vault: Vault;
  /** Epoch ms. */
  now: () => number;
}

/** How long a post waits before it looks again whether its account is back. */
const LOOK_AGAIN_MS = 15 * 60_000;

/** The accounts of the vault, as the pipeline sees them. */
export function createAccounts({ records, vault, now }: AccountsOptions): Accounts {
  return {
    async find(id) {
      const record = await records.get(id);
      if (!record) return null;
      const { profile, grant } = record;
      return { id, username: profile.username, xUserId: profile.xUserId, app: grant.app };
    },

    async credentialsOf(id) {
      const secret = await vault.secretOf(id);
      if (secret) return { credentials: credentialsIn(secret) };
      return {
        waiting: {
          reason: 'account',
          cause: 'disconnected',
          until: now() + LOOK_AGAIN_MS,
          detail: 'The account was disconnected; connect it again, or cancel the post.',
        },
      };
    },

    async refused() {},
  };
}
