import { randomBytes } from 'node:crypto';
import { z } from 'zod';

export const SCOPES = ['tweet.read', 'tweet.write', 'users.read', 'media.write', 'offline.access'] as const;

export const appInputSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string().optional(),
  clientId: z.string().optional(),
  /** null makes a public client: it names itself by `client_id` and has no secret. */
  clientSecret: z.string().nullable().optional(),
  redirectUris: z.array(z.string()).optional(),
  consumerKey: z.string().optional(),
  consumerSecret: z.string().optional(),
  bearerToken: z.string().optional(),
  permission: z.enum(['read', 'read_write']).optional(),
  status: z.enum(['active', 'suspended', 'not_enrolled']).optional(),
});
export type AppInput = z.infer<typeof appInputSchema>;

export const userInputSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[0-9]{1,19}$/)
    .optional(),
  username: z.string().optional(),
  name: z.string().optional(),
  /** The app whose tokens the user is given; default: the first one. */
  appId: z.string().optional(),
  accessToken: z.string().optional(),
  refreshToken: z.string().optional(),
  /** Lifetime of the access token; default: `staticTokenTtlMs` of the config. */
  accessTokenTtlMs: z.int().min(0).nullable().optional(),
  scopes: z.array(z.string()).optional(),
  subscription: z.enum(['None', 'Basic', 'Premium', 'PremiumPlus']).optional(),
  status: z.enum(['active', 'locked', 'suspended']).optional(),
  oauth1: z.strictObject({ token: z.string().optional(), tokenSecret: z.string().optional() }).optional(),
});
export type UserInput = z.infer<typeof userInputSchema>;

export interface SimApp {
  id: string;
  name: string;
  clientId: string;
  clientSecret: string | null;
  redirectUris: string[];
  consumerKey: string;
  consumerSecret: string;
  /** App-only token. */
  bearerToken: string;
  permission: 'read' | 'read_write';
  status: 'active' | 'suspended' | 'not_enrolled';
}

/** A user as endpoints see it. */
export interface User {
  id: string;
  username: string;
  name: string;
  subscription: 'None' | 'Basic' | 'Premium' | 'PremiumPlus';
  status: 'active' | 'locked' | 'suspended';
  createdAt: number;
}

/** Whether the user may post long texts, edit, and so on. */
export function isPremium(user: Pick<User, 'subscription'>): boolean {
  return user.subscription === 'Premium' || user.subscription === 'PremiumPlus';
}

export interface OAuth1Token {
  token: string;
  tokenSecret: string;
  userId: string;
  app: SimApp;
}

/** Apps, users and the OAuth 1.0a tokens between them. */
export interface Accounts {
  readonly users: Map<string, User>;
  readonly apps: Map<string, SimApp>;
  readonly oauth1Tokens: Map<string, OAuth1Token>;
  addApp(input: AppInput): SimApp;
  addUser(input: UserInput): User;
  appFor(appId: string | undefined): SimApp;
  addOAuth1Token(
    user: User,
    app: SimApp,
    input: { token?: string | undefined; tokenSecret?: string | undefined },
  ): OAuth1Token;
  userByName(idOrUsername: string): User | undefined;
}

export function createAccounts(deps: { newId(): string; now(): number }): Accounts {
  const users = new Map<string, User>();
  const apps = new Map<string, SimApp>();
  const oauth1Tokens = new Map<string, OAuth1Token>();

  const accounts: Accounts = {
    users,
    apps,
    oauth1Tokens,
    addApp(input) {
      const id = input.id ?? deps.newId();
      const app: SimApp = {
        id,
        name: input.name ?? `app-${apps.size + 1}`,
        clientId: input.clientId ?? newSecret('client'),
        clientSecret: input.clientSecret === undefined ? newSecret('secret') : input.clientSecret,
        redirectUris: input.redirectUris ?? ['http://127.0.0.1/callback'],
        consumerKey: input.consumerKey ?? newSecret('ck'),
        consumerSecret: input.consumerSecret ?? newSecret('cs'),
        bearerToken: input.bearerToken ?? newSecret('app'),
        permission: input.permission ?? 'read_write',
        status: input.status ?? 'active',
      };
      apps.set(id, app);
      return app;
    },
    addUser(input) {
      const id = input.id ?? deps.newId();
      const username = input.username ?? `user${users.size + 1}`;
      if (users.has(id)) throw new Error(`there is a user with the id ${id} already`);
      const user: User = {
        id,
        username,
        name: input.name ?? username,
        subscription: input.subscription ?? 'None',
        status: input.status ?? 'active',
        createdAt: deps.now(),
      };
      users.set(id, user);
      return user;
    },
    appFor(appId) {
      if (appId !== undefined) {
        const app = apps.get(appId);
        if (app === undefined) throw new Error(`no app has the id ${appId}`);
        return app;
      }
      const [first] = apps.values();
      return first ?? accounts.addApp({});
    },
    addOAuth1Token(user, app, input) {
      const token: OAuth1Token = {
        token: input.token ?? `${user.id}-${newSecret('ot')}`,
        tokenSecret: input.tokenSecret ?? newSecret('os'),
        userId: user.id,
        app,
      };
      oauth1Tokens.set(token.token, token);
      return token;
    },
    userByName: (name) =>
      users.get(name) ?? [...users.values()].find((user) => user.username === name.replace(/^@/, '')),
  };
  return accounts;
}

/** A random token that says what it is. */
export function newSecret(kind: string): string {
  return `${kind}_${randomBytes(18).toString('base64url')}`;
}
