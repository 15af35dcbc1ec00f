import type { AccountRecords, SealedAccount } from '@slipway/store';
import { aboutImport } from './import-file.ts';
import type { KeyRing } from './key-ring.ts';
import { SealError, keyNameOf, open, seal } from './seal.ts';

/** How far the sealing anew has come. */
export interface Rotation {
  /** Accounts looked at. */
  seen: number;
  resealed: number;
  /** Accounts whose secret opens with no key of the ring, and why. */
  unopened: { id: string; reason: string }[];
}

const PAGE = 200;
/** A refresh may put a new secret in between, which is under the first key then. */
const TRIES = 5;

/**
 * Seals all secrets anew that are not under the first key of the ring. May run while workers do, be broken off, and be run again:
 * each secret is changed by itself, and only as it was read.
 */
export async function rotateSecrets(
  { records, ring }: { records: AccountRecords; ring: KeyRing },
  onProgress: (rotation: Rotation) => void = () => undefined,
): Promise<Rotation> {
  const rotation: Rotation = { seen: 0, resealed: 0, unopened: [] };
  for (let cursor: string | null = null; ;) {
    const page = await records.list({ limit: PAGE, cursor });
    for (const { profile } of page.accounts) {
      rotation.seen += 1;
      try {
        if (await resealOne(records, ring, profile.id)) rotation.resealed += 1;
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        rotation.unopened.push({ id: profile.id, reason: error.message });
      }
    }
    onProgress(rotation);
    if (page.nextCursor === null) return rotation;
    cursor = page.nextCursor;
  }
}

/** False where there was nothing to do. */
async function resealOne(records: AccountRecords, ring: KeyRing, id: string): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await records.sealed(id);
    if (!before) return false;
    const after: SealedAccount = {
      secret: underFirst(ring, id, before.secret),
      imported: before.imported === null ? null : underFirst(ring, aboutImport(id), before.imported),
    };
    if (after.secret === before.secret && after.imported === before.imported) return false;
    if (await records.reseal(id, before, after)) return true;
  }
  throw new Error(`the secret of ${id} changes too fast to be sealed anew`);
}

function underFirst(ring: KeyRing, about: string, sealed: string): string {
  return keyNameOf(sealed) === ring.first.name ? sealed : seal(ring, about, open(ring, about, sealed));
}
