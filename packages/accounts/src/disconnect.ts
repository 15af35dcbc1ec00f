import { type OAuth2Client, type XClient, isXError } from '@slipway/x-media';
import type { AccountBlocks, AccountRecords } from '@slipway/store';
import { SealError } from './seal.ts';
import type { AccountSecret } from './secret.ts';
import type { Vault } from './vault.ts';

/** How long X may take to revoke one token: the account is removed all the same. */
const REVOKE_TIMEOUT_MS = 10_000;

/** What became of an account's tokens at X. */
export interface Revocation {
  revoked: boolean;
  detail: string;
}

export interface DisconnectDeps {
  x: XClient;
  /** Of the app that tokens of OAuth 2.0 are for; null: not known, and then nothing can be revoked. */
  client: OAuth2Client | null;
  records: AccountRecords;
  vault: Vault;
  blocks: AccountBlocks;
  /** Epoch ms. */
  now: () => number;
}

/**
 * Revokes the tokens of an account, as far as X lets us, and forgets them. Its posts wait from before the first token is gone.
 * Null when there is no such account. A removal that was cut off is done again in full.
 */
export async function disconnectAccount(
  id: string,
  { x, client, records, vault, blocks, now }: DisconnectDeps,
): Promise<Revocation | null> {
  if ((await records.get(id)) === null) return null;
  await blocks.block(id, {
    cause: 'disconnected',
    since: now(),
    until: null,
    detail: 'The account was disconnected; connect it again, or cancel the post.',
  });
  const revocation = await revoke(await secretOf(vault, id), x, client);
  await records.remove(id);
  return revocation;
}

async function revoke(
  secret: AccountSecret | null,
  x: XClient,
  client: OAuth2Client | null,
): Promise<Revocation> {
  if (secret === null)
    return { revoked: false, detail: `There were no tokens that could be read. ${BY_HAND}` };
  if (secret.type === 'oauth1')
    return { revoked: false, detail: `X has no call that revokes tokens of OAuth 1.0a. ${BY_HAND}` };
  if (client === null)
    return { revoked: false, detail: `Only the X app can revoke them, and this server has none. ${BY_HAND}` };
  try {
    // The refresh token first: with it alive, the access token would not matter.
    for (const token of [secret.refreshToken, secret.accessToken]) {
      if (token !== null) await x.oauth2.revoke({ ...client, token }, { timeoutMs: REVOKE_TIMEOUT_MS });
    }
    return { revoked: true, detail: 'X has revoked the tokens.' };
  } catch (error) {
    if (!isXError(error)) throw error;
    const words = error.details.messages[0] ?? error.code;
    return { revoked: false, detail: `X did not revoke the tokens: ${words}. ${BY_HAND}` };
  }
}

const BY_HAND = 'The account can take access away on X, under Settings, Connected apps.';

/** A secret under a key that is lost must not keep its account from being removed. */
async function secretOf(vault: Vault, id: string): Promise<AccountSecret | null> {
  try {
    return await vault.secretOf(id);
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}
