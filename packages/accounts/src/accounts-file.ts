import { readFileSync } from 'node:fs';
import {
  type AccountSettings,
  DEFAULT_ACCOUNT_SETTINGS,
  TIERS,
  calendarSchema,
} from '@slipway/pipeline/core';
import { z } from 'zod';
import type { AccountSecret } from './secret.ts';

/** An account as the file has it. */
export interface FileAccount {
  id: string;
  username: string;
  xUserId: string;
  secret: AccountSecret;
  scopes: string[] | null;
  /** Epoch ms. */
  expiresAt: number | null;
  /** Null: the file says nothing of them. */
  settings: AccountSettings | null;
}

/** Printable ASCII: anything else, such as a line end that was copied along, cannot stand in a header. */
const secret = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces, and not empty');

const settings = z.strictObject({
  weight: z.int().min(1).max(100).optional(),
  monthlyBudgetUsd: z.number().min(0).nullable().optional(),
  calendar: calendarSchema.nullable().optional(),
  conflictDistanceMs: z.int().min(0).optional(),
});

const accountsFile = z.strictObject({
  accounts: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(/^acct_[0-9a-hjkmnp-tv-z]{26}$/, 'must be acct_ and a 26-character lower-case ULID'),
        username: z.string().min(1),
        xUserId: z.string().regex(/^\d{1,19}$/, 'must be a decimal X user id'),
        tier: z.enum(TIERS).optional(),
        settings: settings.optional(),
        credentials: z.discriminatedUnion('type', [
          z.strictObject({
            type: z.literal('oauth2'),
            accessToken: secret,
            refreshToken: secret.optional(),
            expiresAt: z.iso.datetime({ offset: true }).optional(),
            scopes: z.array(z.string()).optional(),
          }),
          z.strictObject({
            type: z.literal('oauth1'),
            consumerKey: secret,
            consumerSecret: secret,
            accessToken: secret,
            accessTokenSecret: secret,
          }),
        ]),
      }),
    )
    .superRefine((accounts, context) => {
      for (const key of ['id', 'xUserId'] as const) {
        for (const [index, account] of accounts.entries()) {
          if (accounts.findIndex((other) => other[key] === account[key]) < index)
            context.addIssue({
              code: 'custom',
              path: [index, key],
              message: `is the ${key} of an earlier account`,
            });
        }
      }
    }),
});

type Entry = z.infer<typeof accountsFile>['accounts'][number];

/** Reads a file of accounts. Throws with every problem of it, and never with a value out of it. */
export function readAccountsFile(path: string): FileAccount[] {
  const parsed = accountsFile.safeParse(readJson(path));
  if (!parsed.success)
    throw new Error(`${path} is not a file of accounts:\n${z.prettifyError(parsed.error)}`);
  return parsed.data.accounts.map(toAccount);
}

function toAccount({ id, username, xUserId, credentials, tier, settings: given }: Entry): FileAccount {
  const isNew = credentials.type === 'oauth2';
  const told = Object.entries({ tier, ...given }).filter(([, value]) => value !== undefined);
  return {
    id,
    username,
    xUserId,
    secret: isNew
      ? {
          type: 'oauth2',
          accessToken: credentials.accessToken,
          refreshToken: credentials.refreshToken ?? null,
        }
      : credentials,
    scopes: (isNew ? credentials.scopes : undefined) ?? null,
    expiresAt: isNew && credentials.expiresAt !== undefined ? Date.parse(credentials.expiresAt) : null,
    settings: told.length === 0 ? null : { ...DEFAULT_ACCOUNT_SETTINGS, ...Object.fromEntries(told) },
  };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(
      `The file of accounts cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which holds tokens.
    throw new Error(`${path} is not valid JSON.`);
  }
}
