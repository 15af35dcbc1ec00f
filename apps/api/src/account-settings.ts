import { TIERS, calendarSchema } from '@slipway/pipeline/core';
import { z } from 'zod';
import { checkTimeZone } from './local-times.ts';

const DAY_MS = 24 * 60 * 60_000;

/** What of an account its owner chooses. Every field may be left out; the schema is that of a change. */
export const accountSettingsSchema = z.strictObject({
  tier: z
    .enum(TIERS)
    .nullable()
    .describe("The plan of its X app, whose known limits pace it; null for the installation's."),
  weight: z
    .int()
    .min(1)
    .max(100)
    .describe('Posts that it is given per turn, where several accounts have posts due.'),
  monthlyBudgetUsd: z
    .number()
    .min(0)
    .max(1_000_000)
    .nullable()
    .describe(
      'What its posts may cost on X in a calendar month (UTC), in US dollars; beyond it they wait. Null: no limit.',
    ),
  calendar: calendarSchema
    .superRefine(({ timeZone }, context) => {
      const issue = checkTimeZone(timeZone);
      if (!issue) return;
      const { message, code, hint } = issue;
      context.addIssue({ code: 'custom', path: ['timeZone'], message, params: { code, hint } });
    })
    .nullable()
    .describe(
      'The times at which it posts by itself: `publishAt: "next-slot"` takes the next free one. Null: none.',
    ),
  conflictDistanceMs: z
    .int()
    .min(0)
    .max(DAY_MS)
    .describe('Two of its posts nearer than this get a warning, in milliseconds; 0: none do.'),
});
