import { createHash } from 'node:crypto';
import type { AccountBlocks, AccountRecords } from '@slipway/store';
import type { FileAccount } from './accounts-file.ts';
import type { KeyRing } from './key-ring.ts';
import { open, seal } from './seal.ts';
import { type Vault, grantOf } from './vault.ts';

export interface ImportDeps {
  records: AccountRecords;
  vault: Vault;
  blocks: Pick<AccountBlocks, 'release'>;
  ring: KeyRing;
  /** The OAuth 2 client that tokens of the file are for, if it is known. */
  clientId: string | null;
  /** Epoch ms. */
  now: () => number;
}

/**
 * Puts the accounts of a file into the vault: each once, and again only when the file has other credentials for it than the last
 * time. A pair that was refreshed since is not overwritten by the one that it came from. Returns how many were put.
 */
export async function importAccounts(
  accounts: readonly FileAccount[],
  { records, vault, blocks, ring, clientId, now }: ImportDeps,
): Promise<number> {
  let put = 0;
  for (const { id, username, xUserId, secret, scopes, expiresAt, settings } of accounts) {
    const digest = createHash('sha256').update(JSON.stringify(secret)).digest('base64url');
    const [record, sealed] = await Promise.all([records.get(id), records.sealed(id)]);
    if (sealed?.imported && open(ring, aboutImport(id), sealed.imported) === digest) continue;
    const done = await records.put({
      profile: { id, username, xUserId, connectedAt: now() },
      grant: grantOf(secret, { app: secret.type === 'oauth2' ? clientId : null, scopes, expiresAt }),
      secret: vault.seal(id, secret),
      // Sealed as well: the digest of a token is of use to whoever guesses at tokens.
      imported: seal(ring, aboutImport(id), digest),
      ifRev: record?.secretRev ?? 0,
    });
    // Another process is putting the same file in.
    if (!done) continue;
    put += 1;
    await blocks.release(id, 'block');
    if (settings) await records.updateSettings(id, () => settings);
  }
  return put;
}

/** What the digest of an account's part of the file is sealed as. */
export function aboutImport(id: string): string {
  return `${id} import`;
}
