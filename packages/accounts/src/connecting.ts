import type { AccountBlocks, AccountRecord, AccountRecords, ConnectAttempts } from '@slipway/store';
import type { BlockCause } from '@slipway/pipeline/core';
import type { OAuth2Client, XClient } from '@slipway/x-media';
import { type ConnectByCode, createConnectByCode } from './connect-by-code.ts';
import { type Revocation, disconnectAccount } from './disconnect.ts';
import { type UserCredentials, inspectCredentials } from './inspect-credentials.ts';
import type { KeyRing } from './key-ring.ts';
import type { ConnectedAccount, Vault } from './vault.ts';

/** Credentials that were made elsewhere. */
export type PastedCredentials =
  | {
      type: 'oauth2';
      accessToken: string;
      refreshToken?: string | undefined;
      expiresInSecs?: number | undefined;
    }
  | Extract<UserCredentials, { type: 'oauth1' }>;

/** How accounts come and go. What X refuses is thrown as a `ConnectError`, and then nothing has changed. */
export interface Connecting extends ConnectByCode {
  paste(given: PastedCredentials): Promise<AccountRecord>;
  /** Null when there is no such account. */
  disconnect(id: string): Promise<Revocation | null>;
}

export interface ConnectingDeps {
  x: XClient;
  /** This installation's X app; null: it has none. */
  client: OAuth2Client | null;
  /** As they are registered with X; the first is the default. */
  redirectUris: readonly string[];
  attempts: ConnectAttempts;
  records: AccountRecords;
  blocks: AccountBlocks;
  vault: Vault;
  ring: KeyRing;
  /** Epoch ms. */
  now: () => number;
}

/** What new credentials do not end: it is about money. */
const STAYS: ReadonlySet<BlockCause> = new Set(['budget', 'credits', 'usage_cap']);

export function createConnecting(deps: ConnectingDeps): Connecting {
  const { x, client, vault, blocks, now } = deps;

  /** Stored first and released then: posts that go on find the new credentials. */
  const keep = async (account: ConnectedAccount): Promise<AccountRecord> => {
    const record = await vault.connect(account);
    const { id } = record.profile;
    const { block } = await blocks.get(id);
    if (block !== null && !STAYS.has(block.cause)) await blocks.release(id, 'block');
    return record;
  };

  return {
    ...createConnectByCode({ ...deps, keep }),

    async paste(given) {
      const user = await inspectCredentials(x, credentialsOf(given), { granted: null, field: given.type });
      const isNew = given.type === 'oauth2';
      return keep({
        username: user.username,
        xUserId: user.id,
        app: isNew ? (client?.clientId ?? null) : given.consumerKey,
        scopes: null,
        expiresAt: isNew && given.expiresInSecs !== undefined ? now() + given.expiresInSecs * 1_000 : null,
        secret: isNew
          ? { type: 'oauth2', accessToken: given.accessToken, refreshToken: given.refreshToken ?? null }
          : given,
      });
    },

    disconnect: (id) => disconnectAccount(id, deps),
  };
}

function credentialsOf(given: PastedCredentials): UserCredentials {
  return given.type === 'oauth2' ? { type: 'oauth2', accessToken: given.accessToken } : given;
}
