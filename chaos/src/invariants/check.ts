import type { Evidence, Violation } from '../evidence.ts';
import { checkContent } from './content.ts';
import { findDoubles } from './doubles.ts';
import { checkEvents } from './events.ts';
import { checkLimits } from './limits.ts';
import { checkOutcomes } from './outcomes.ts';
import { checkResentBytes } from './resent-bytes.ts';
import { checkShutdown } from './shutdown.ts';

/** All that must hold when a campaign is over. Pure. */
export function findViolations(evidence: Evidence): Violation[] {
  return [
    ...checkOutcomes(evidence),
    ...findDoubles(evidence.ledger),
    ...checkContent(evidence),
    ...checkResentBytes(evidence),
    ...checkLimits(evidence),
    ...checkEvents(evidence),
    ...checkShutdown(evidence),
  ];
}
