import type { LedgerUpload } from '@slipway/local';
import type { Evidence, Violation } from '../evidence.ts';
import { settingsOf } from '../plan/campaign-settings.ts';

/** A request that was under way when a disturbance began may be noticed this much later. */
const AFTERMATH_MS = 5_000;

/**
 * Invariant 4: bytes that X had taken and got again are at most the segments in flight for each disturbance in the life of an upload,
 * and one segment for each answer that X was told to lose.
 */
export function checkResentBytes({ plan, ledger, disturbances, appendsLost }: Evidence): Violation[] {
  const settings = settingsOf(plan);
  const segmentsInFlight = Number(settings['SLIPWAY_SEGMENTS_IN_FLIGHT']);
  const chunkBytes = Number(settings['SLIPWAY_CHUNK_BYTES']);
  // The segments that were acknowledged while their worker died: the last answers may have come after its last save.
  const perCrash = segmentsInFlight * chunkBytes;
  const excesses = ledger.uploads.flatMap((upload) => {
    const hits = countHits(upload, disturbances);
    const excessBytes = upload.bytesRepeated - hits * perCrash;
    return excessBytes > 0 ? [{ upload, hits, excessBytes }] : [];
  });
  const excessBytes = excesses.reduce((sum, each) => sum + each.excessBytes, 0);
  if (excessBytes <= appendsLost * chunkBytes) return [];
  return excesses.map(({ upload, hits }) => ({
    invariant: 4,
    rule: 'sent again too much',
    detail:
      `upload ${upload.mediaId} of ${upload.totalBytes} bytes: ${upload.bytesRepeated} were sent again, ` +
      `with ${hits} disturbances, ${segmentsInFlight} segments of ${chunkBytes} in flight, and ${appendsLost} lost answers in all`,
    token: null,
    postId: null,
  }));
}

function countHits(upload: LedgerUpload, disturbances: Evidence['disturbances']): number {
  const until = upload.finalizedAt ?? Infinity;
  return disturbances.filter(
    ({ fault, from, to }) =>
      // What X refuses or keeps waiting it has not taken, and a slow link breaks nothing.
      !fault.startsWith('x.') &&
      fault !== 'link.delay' &&
      from <= until &&
      to + AFTERMATH_MS >= upload.initializedAt,
  ).length;
}
