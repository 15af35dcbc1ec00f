import { readFileSync } from 'node:fs';
import type { XCredentials } from '@slipway/x-media';
import { z } from 'zod';

/** An X user that Slipway posts as. */
export interface Account {
  id: string;
  username: string;
  xUserId: string;
}

/** Accounts and their credentials. Filled from configuration now; the vault that keeps tokens fresh fills the same interface. */
export interface Accounts {
  get(id: string): Account | null;
  list(): Account[];
  /** Null for an account that is not known (any more). */
  credentialsOf(id: string): Promise<XCredentials | null>;
}

/** Printable ASCII: anything else, such as a line end that was copied along, cannot stand in a header. */
const secret = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces, and not empty');

const accountsFile = z.strictObject({
  accounts: z
    .array(
      z.strictObject({
        id: z
          .string()
          .regex(/^acct_[0-9a-hjkmnp-tv-z]{26}$/, 'must be acct_ and a 26-character lower-case ULID'),
        username: z.string().min(1),
        xUserId: z.string().regex(/^\d{1,19}$/, 'must be a decimal X user id'),
        credentials: z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('oauth2'), accessToken: secret }),
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
      for (const [index, { id }] of accounts.entries()) {
        if (accounts.findIndex((other) => other.id === id) < index)
          context.addIssue({
            code: 'custom',
            path: [index, 'id'],
            message: 'is the id of an earlier account',
          });
      }
    }),
});

/** Reads a file of accounts. Throws with every problem of it, and never with a value out of it. */
export function loadAccounts(path: string): Accounts {
  const parsed = accountsFile.safeParse(readJson(path));
  if (!parsed.success)
    throw new Error(`${path} is not a file of accounts:\n${z.prettifyError(parsed.error)}`);
  const byId = new Map(parsed.data.accounts.map((account) => [account.id, account]));
  const publicPart = ({ id, username, xUserId }: Account): Account => ({ id, username, xUserId });
  return {
    get: (id) => {
      const account = byId.get(id);
      return account ? publicPart(account) : null;
    },
    list: () => [...byId.values()].map(publicPart),
    credentialsOf: async (id) => byId.get(id)?.credentials ?? null,
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
