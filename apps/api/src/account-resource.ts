import { BLOCK_CAUSES, type Block, type Blocks, HEALTHS, healthOf } from '@slipway/pipeline/core';
import type { AccountRecord, AppPark, Spending } from '@slipway/store';
import { z } from 'zod';
import { accountSettingsSchema } from './account-settings.ts';
import { formatInstant, instantSchema } from './instants.ts';
import { spendingSchema, viewSpending } from './limits-resource.ts';
import type { RouteDeps } from './route-deps.ts';

const blockSchema = z
  .strictObject({
    cause: z.enum(BLOCK_CAUSES).describe('What programs should branch on; the list is closed.'),
    since: instantSchema.describe('When it began.'),
    until: instantSchema.nullable().describe('When it ends by itself; null: not before somebody ends it.'),
    detail: z.string().describe("What happened, in X's own words where X spoke, and what to do about it."),
    app: z.string().nullable().describe('The X app that it comes from, where it concerns all its accounts.'),
  })
  .meta({
    id: 'Block',
    description: 'What keeps an account from posting. Its posts wait; they do not fail.',
  });

const EXAMPLE = {
  id: 'acct_01k9zq3v6h2m8d4t7w5x0c1b9n',
  username: 'acme',
  xUserId: '2244994945',
  connectedAt: '2027-01-31T09:00:00.000Z',
  via: 'oauth2',
  app: 'VGhpc0lzTm90QUNsaWVudA',
  scopes: ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'],
  tokenExpiresAt: '2027-01-31T11:00:00.000Z',
  refreshable: true,
  health: 'active',
  blocks: [],
  paused: false,
  limits: {
    windows: [
      {
        endpoint: 'POST /2/tweets',
        window: 'user15m',
        limit: 100,
        remaining: 97,
        resetAt: '2027-01-31T09:15:00.000Z',
        source: 'x',
      },
    ],
    spentUsd: 0.045,
  },
  tier: null,
  weight: 1,
  monthlyBudgetUsd: 20,
  calendar: {
    timeZone: 'Europe/Berlin',
    slots: [{ days: ['mon', 'wed', 'fri'], times: ['09:00', '17:30'] }],
  },
  conflictDistanceMs: 600_000,
} as const;

export const accountSchema = z
  .strictObject({
    id: z.string().describe('`acct_` and 26 characters; the same X user is always the same account.'),
    username: z.string().describe('Its name on X, without the @.'),
    xUserId: z.string().describe('Its id on X.'),
    connectedAt: instantSchema.describe('When it was connected last.'),
    via: z.enum(['oauth2', 'oauth1']).describe('The kind of its credentials, which are never shown.'),
    app: z
      .string()
      .describe(
        'The X app that they are for: its client id or consumer key; `default` where it is not known.',
      ),
    scopes: z
      .array(z.string())
      .nullable()
      .describe('What its token may do; null where X does not say. OAuth 1.0a has no scopes.'),
    tokenExpiresAt: instantSchema
      .nullable()
      .describe('When its access token ends; null: it does not, or that is not known.'),
    refreshable: z.boolean().describe('Whether a new access token is fetched before this one ends.'),
    health: z
      .enum(HEALTHS)
      .describe(
        'Whether it can post. `waiting`: something that passes, or that concerns its app; `blocks` says what.',
      ),
    blocks: z.array(blockSchema).describe('What keeps it from posting now.'),
    paused: z.boolean().describe('Whether its owner has paused it.'),
    limits: spendingSchema.describe("What is left of X's limits for it, and what its posts cost this month."),
    ...accountSettingsSchema.shape,
  })
  .meta({ id: 'Account', description: 'An X user to post as.', examples: [EXAMPLE] });

/** An account as callers see it, with what keeps it or its app from posting, and what is left of its limits. */
export async function showAccount(
  record: AccountRecord,
  { blocks, parks, xLimits, now }: Pick<RouteDeps, 'blocks' | 'parks' | 'xLimits' | 'now'>,
): Promise<z.output<typeof accountSchema>> {
  const { profile, grant, settings } = record;
  const [held, park, spending] = await Promise.all([
    blocks.get(profile.id),
    parks.get(grant.app),
    xLimits.ofAccount({ id: profile.id, tier: settings.tier }),
  ]);
  return viewAccount(record, { held, park, spending }, now());
}

interface AccountFacts {
  held: Blocks;
  park: AppPark | null;
  spending: Spending;
}

function viewAccount(
  { profile, grant, settings }: AccountRecord,
  { held: { paused, block: own }, park, spending }: AccountFacts,
  now: number,
): z.output<typeof accountSchema> {
  // Told once, whether or not a post of the account has met it yet.
  const ofApp: Block | null = park && own?.app === undefined ? { ...park, app: grant.app } : null;
  const { tier, weight, monthlyBudgetUsd, calendar, conflictDistanceMs } = settings;
  return {
    id: profile.id,
    username: profile.username,
    xUserId: profile.xUserId,
    connectedAt: formatInstant(profile.connectedAt),
    via: grant.via,
    app: grant.app,
    scopes: grant.scopes,
    tokenExpiresAt: grant.expiresAt === null ? null : formatInstant(grant.expiresAt),
    refreshable: grant.refreshable,
    health: healthOf({ paused, block: own ?? ofApp }, now),
    blocks: [own, ofApp, paused].flatMap((block) =>
      block !== null && (block.until === null || block.until > now) ? [viewBlock(block)] : [],
    ),
    paused: paused !== null,
    limits: viewSpending(spending),
    tier,
    weight,
    monthlyBudgetUsd,
    calendar,
    conflictDistanceMs,
  };
}

function viewBlock({ cause, since, until, detail, app }: Block): z.output<typeof blockSchema> {
  return {
    cause,
    since: formatInstant(since),
    until: until === null ? null : formatInstant(until),
    detail,
    app: app ?? null,
  };
}
