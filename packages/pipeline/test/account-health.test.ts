import { describe, test } from 'vitest';
import { BLOCK_CAUSES, type Block, type BlockCause, type Health, healthOf } from '../src/core/index.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const block = (cause: BlockCause, until: number | null = null): Block => ({
  cause,
  since: NOW - 1,
  until,
  detail: 'x',
});

const HEALTH_OF: Record<BlockCause, [alone: Health, besideAPause: Health]> = {
  paused: ['waiting', 'paused'],
  needs_reconnect: ['needs_reconnect', 'needs_reconnect'],
  suspended: ['suspended', 'suspended'],
  automated: ['waiting', 'paused'],
  unauthorized: ['waiting', 'paused'],
  forbidden: ['waiting', 'paused'],
  disconnected: ['needs_reconnect', 'needs_reconnect'],
  budget: ['waiting', 'paused'],
  credits: ['waiting', 'paused'],
  usage_cap: ['waiting', 'paused'],
  app_refused: ['waiting', 'paused'],
};

describe('the health of an account', () => {
  test.for(BLOCK_CAUSES)('that is blocked: %s', (cause, { expect }) => {
    const [alone, besideAPause] = HEALTH_OF[cause];
    expect(healthOf({ paused: null, block: block(cause) }, NOW)).toBe(alone);
    expect(healthOf({ paused: null, block: block(cause, NOW + 1) }, NOW)).toBe(alone);
    expect(healthOf({ paused: block('paused'), block: block(cause) }, NOW)).toBe(besideAPause);
    expect(healthOf({ paused: null, block: block(cause, NOW) }, NOW), 'a block that is past').toBe('active');
  });

  test('that nothing is wrong with, and that is paused', ({ expect }) => {
    expect(healthOf({ paused: null, block: null }, NOW)).toBe('active');
    expect(healthOf({ paused: block('paused'), block: null }, NOW)).toBe('paused');
  });
});
