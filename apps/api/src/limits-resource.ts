import { BLOCK_CAUSES, ENDPOINTS, TIERS, toUsd } from '@slipway/pipeline/core';
import type { AccountRecord, AppPark, LimitWindow, Spending } from '@slipway/store';
import { z } from 'zod';
import { formatInstant, instantSchema } from './instants.ts';

const windowSchema = z
  .strictObject({
    endpoint: z.enum(ENDPOINTS).describe('The endpoint of X whose calls are counted.'),
    window: z
      .enum(['user15m', 'user3h', 'user24h', 'app15m', 'app24h'])
      .describe('Whose calls, and how long the window is.'),
    limit: z
      .int()
      .min(0)
      .nullable()
      .describe('Calls in a window; null where X refuses them without naming a limit.'),
    remaining: z.int().min(0).describe('Calls that are left, those under way taken off.'),
    resetAt: instantSchema.nullable().describe('When it opens anew; null where no call has opened it.'),
    source: z.enum(['x', 'known']).describe('Who says so: X, or its documents and the configuration.'),
  })
  .meta({ id: 'LimitWindow', description: 'How many more calls X takes.' });

export const spendingSchema = z
  .strictObject({
    windows: z
      .array(windowSchema)
      .describe('The windows that have a limit; calls wait for the latest one that is spent.'),
    spentUsd: z
      .number()
      .min(0)
      .describe(
        'What its posts cost in this calendar month (UTC), in US dollars; what is under way is in it.',
      ),
  })
  .meta({ id: 'Spending', description: 'What is left, and what was spent.' });

const spendingShape = {
  ...spendingSchema.shape,
  budgetUsd: z
    .number()
    .min(0)
    .nullable()
    .describe('What they may cost in a month, in US dollars; null: whatever they cost.'),
};

const accountLimitsSchema = z
  .strictObject({
    id: z.string().describe('The account.'),
    username: z.string().describe('Its name on X, without the @.'),
    app: z.string().describe('The X app that its credentials are for.'),
    tier: z.enum(TIERS).nullable().describe('The tier of the account; null: that of the installation.'),
    ...spendingShape,
  })
  .meta({ id: 'AccountLimits', description: 'What is left of the limits of an account.' });

const parkSchema = z
  .strictObject({
    cause: z.enum(BLOCK_CAUSES).describe('What programs should branch on.'),
    since: instantSchema.describe('When X refused it first.'),
    until: instantSchema.describe('When one call finds out whether it goes on.'),
    detail: z.string().describe("X's own words."),
  })
  .meta({ id: 'AppPark', description: 'Why no account of an app calls X.' });

export const appLimitsSchema = z
  .strictObject({
    app: z.string().describe('The X app: its client id or consumer key; `default` where it is not known.'),
    parked: parkSchema
      .nullable()
      .describe('Why none of its accounts calls X; null: they do. `POST /v1/apps/{app}/release` ends it.'),
    ...spendingShape,
  })
  .meta({ id: 'AppLimits', description: 'What is left of the limits of an X app.' });

export const limitsPageSchema = z
  .strictObject({
    accounts: z.array(accountLimitsSchema).describe('In the order of their ids.'),
    apps: z.array(appLimitsSchema).describe('The X apps of these accounts.'),
    nextCursor: z.string().nullable().describe('Asks for the next page; null on the last one.'),
  })
  .meta({ id: 'LimitsPage', description: 'The limits of a page of accounts, and of their apps.' });

export function viewAccountLimits(
  { profile, grant, settings }: AccountRecord,
  spending: Spending,
): z.output<typeof accountLimitsSchema> {
  return {
    id: profile.id,
    username: profile.username,
    app: grant.app,
    tier: settings.tier,
    ...viewSpending(spending),
    budgetUsd: settings.monthlyBudgetUsd,
  };
}

export function viewAppLimits(
  app: string,
  { park, ...spending }: Spending & { park: AppPark | null },
  budgetMicroUsd: number | null,
): z.output<typeof appLimitsSchema> {
  return {
    app,
    parked: park && {
      cause: park.cause,
      since: formatInstant(park.since),
      until: formatInstant(park.until),
      detail: park.detail,
    },
    ...viewSpending(spending),
    budgetUsd: budgetMicroUsd === null ? null : toUsd(budgetMicroUsd),
  };
}

export function viewSpending({ windows, spentMicroUsd }: Spending): z.output<typeof spendingSchema> {
  return { windows: windows.map(viewWindow), spentUsd: toUsd(spentMicroUsd) };
}

function viewWindow({ resetAt, ...window }: LimitWindow): z.output<typeof windowSchema> {
  return { ...window, resetAt: resetAt === null ? null : formatInstant(resetAt) };
}
