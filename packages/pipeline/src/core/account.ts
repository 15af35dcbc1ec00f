import { z } from 'zod';

/** What an X app may do, by its plan: the known limits of each are in `tiers.ts`. `unlimited` knows none. */
export const TIERS = ['pay_per_use', 'free', 'basic', 'pro', 'unlimited'] as const;
export type Tier = (typeof TIERS)[number];

/** Why nothing is posted as an account for now. */
export const BLOCK_CAUSES = [
  // By the account itself.
  'paused', // its owner says so
  'needs_reconnect', // the refresh token is spent or revoked, or a scope is missing
  'suspended', // X has locked or suspended the account
  'automated', // X says that it looks automated
  'unauthorized', // X refuses good tokens: an incident, or keys that were taken away
  'forbidden', // X forbids it without a reason that is known
  'disconnected', // it was removed
  'budget', // the monthly budget is used up
  // By its app, and so every account of it.
  'credits',
  'usage_cap',
  'app_refused', // X does not let the app do it, or does not know its keys
] as const;
export type BlockCause = (typeof BLOCK_CAUSES)[number];

/** What posts of an account wait for that is blocked so. */
export function waitingReasonOf(cause: BlockCause): 'paused' | 'credits' | 'account' {
  switch (cause) {
    case 'paused':
      return 'paused';
    case 'credits':
    case 'usage_cap':
    case 'budget':
      return 'credits';
    case 'needs_reconnect':
    case 'suspended':
    case 'automated':
    case 'unauthorized':
    case 'forbidden':
    case 'disconnected':
    case 'app_refused':
      return 'account';
  }
}

/** Whether a block comes from the account's app, by its cause alone. */
export function isOfApp(cause: BlockCause): boolean {
  return cause === 'credits' || cause === 'usage_cap' || cause === 'app_refused';
}

/** Nothing is posted as the account before `until`; null: before somebody releases it. Instants are epoch ms. */
export interface Block {
  cause: BlockCause;
  since: number;
  until: number | null;
  /** What happened, in X's own words where X spoke, and what to do about it. */
  detail: string;
  /** The app that it comes from, for a cause that concerns all its accounts. */
  app?: string;
}

export const HEALTHS = ['active', 'needs_reconnect', 'paused', 'suspended', 'waiting'] as const;
/** `waiting`: something that passes or that concerns its app; the block says what. */
export type Health = (typeof HEALTHS)[number];

/** What an account has against posting: its owner's pause, and what the system found. */
export interface Blocks {
  paused: Block | null;
  block: Block | null;
}

/** What needs the account's owner on X comes first: a resume would not help. A block that is past keeps nobody from anything. */
export function healthOf({ paused, block }: Blocks, now: number): Health {
  const cause = block !== null && (block.until === null || block.until > now) ? block.cause : null;
  switch (cause) {
    case 'needs_reconnect':
    case 'disconnected':
      return 'needs_reconnect';
    case 'suspended':
      return 'suspended';
    case null:
      return paused === null ? 'active' : 'paused';
    case 'paused':
    case 'automated':
    case 'unauthorized':
    case 'forbidden':
    case 'budget':
    case 'credits':
    case 'usage_cap':
    case 'app_refused':
      return paused === null ? 'waiting' : 'paused';
  }
}

const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** When an account posts by itself, in its own time zone. */
export const calendarSchema = z.strictObject({
  timeZone: z.string().min(1).max(64).describe('IANA name of the zone that the times are in.'),
  slots: z
    .array(
      z.strictObject({
        days: z.array(z.enum(WEEKDAYS)).min(1).max(7),
        times: z
          .array(z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 09:30'))
          .min(1)
          .max(48),
      }),
    )
    .min(1)
    .max(20),
});
export type Calendar = z.infer<typeof calendarSchema>;

/** What the owner of an account may choose for it. */
export interface AccountSettings {
  /** Null: that of the installation. */
  tier: Tier | null;
  /** Posts that it is given per turn, beside other accounts. */
  weight: number;
  /** Null: none. */
  monthlyBudgetUsd: number | null;
  calendar: Calendar | null;
  /** Two posts nearer than this get a warning; 0: none. */
  conflictDistanceMs: number;
}

export const DEFAULT_ACCOUNT_SETTINGS: AccountSettings = {
  tier: null,
  weight: 1,
  monthlyBudgetUsd: null,
  calendar: null,
  conflictDistanceMs: 0,
};
