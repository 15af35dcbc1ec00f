import { type AccountGrant, type AccountRecord, type AccountRecords } from '@slipway/store';
import type { KeyRing } from './key-ring.ts';
import { open, seal } from './seal.ts';
import { type AccountSecret, secretSchema } from './secret.ts';

/** The records of accounts with their secrets: what goes in is sealed, what comes out is opened. */
export interface Vault {
  /** A new account, or one that is connected again: it keeps its id and its settings, whatever was wrong with it is forgotten. */
  connect(account: ConnectedAccount): Promise<AccountRecord>;
  /** Null for an account that is not known. Rejects with `SealError`. */
  secretOf(id: string): Promise<AccountSecret | null>;
  seal(id: string, secret: AccountSecret): string;
  /** Throws `SealError`. */
  open(id: string, sealed: string): AccountSecret;
}

export interface ConnectedAccount {
  username: string;
  xUserId: string;
  /** See `AccountGrant`; null where the app is not known. */
  app: string | null;
  scopes: string[] | null;
  expiresAt: number | null;
  secret: AccountSecret;
}

export interface VaultOptions {
  records: AccountRecords;
  ring: KeyRing;
  /** Epoch ms. */
  now: () => number;
}

export function createVault({ records, ring, now }: VaultOptions): Vault {
  const vault: Vault = {
    async connect({ username, xUserId, secret, ...facts }) {
      const id = await records.idOfXUser(xUserId);
      const record = await records.put({
        profile: { id, username, xUserId, connectedAt: now() },
        grant: grantOf(secret, facts),
        secret: vault.seal(id, secret),
      });
      if (!record) throw new Error(`the account ${id} was removed while it was connected`);
      return record;
    },

    async secretOf(id) {
      const found = await records.sealed(id);
      return found && vault.open(id, found.secret);
    },

    seal: (id, secret) => seal(ring, id, JSON.stringify(secret)),

    open: (id, sealed) => secretSchema.parse(JSON.parse(open(ring, id, sealed))),
  };
  return vault;
}

export function grantOf(
  secret: AccountSecret,
  { app, scopes, expiresAt }: { app: string | null; scopes: string[] | null; expiresAt: number | null },
): AccountGrant {
  return {
    via: secret.type,
    app: app ?? (secret.type === 'oauth1' ? secret.consumerKey : 'default'),
    scopes,
    expiresAt,
    refreshable: secret.type === 'oauth2' && secret.refreshToken !== null,
  };
}
