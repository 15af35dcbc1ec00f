import type { Plan } from './vocabulary.ts';

/** Segments of one media item that may be under way, and so may be sent again after a crash. */
export const SEGMENTS_IN_FLIGHT = 3;
export const CHUNK_BYTES = 64 * 1024;
export const CREATE_TIMEOUT_MS = 2_000;

/** A campaign lasts minutes where an installation lasts years: everything that waits, waits shorter. */
export function settingsOf({ settings }: Pick<Plan, 'settings'>): Record<string, string> {
  return {
    SLIPWAY_CHUNK_BYTES: String(CHUNK_BYTES),
    SLIPWAY_SEGMENTS_IN_FLIGHT: String(SEGMENTS_IN_FLIGHT),
    SLIPWAY_LEASE_MS: '3000',
    SLIPWAY_STAGING_LEAD_MS: '15000',
    SLIPWAY_CREATE_TIMEOUT_MS: String(CREATE_TIMEOUT_MS),
    SLIPWAY_LATE_AFTER_MS: '3000',
    SLIPWAY_CONFIRM_WINDOW_MS: '8000',
    SLIPWAY_BACKOFF_BASE_MS: '200',
    SLIPWAY_BACKOFF_CAP_MS: '2000',
    SLIPWAY_RETRY_LIMIT: '2',
    SLIPWAY_PARK_MS: '3000',
    SLIPWAY_PROCESSING_LIMIT_MS: '6000',
    ...settings,
  };
}
