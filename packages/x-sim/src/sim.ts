import { createServer } from 'node:http';
import { createGrants } from './access/grants.ts';
import { createRateLimits } from './access/limits.ts';
import { appInputSchema, createAccounts, SCOPES, userInputSchema } from './accounts.ts';
import type { AppInput, SimApp, UserInput } from './accounts.ts';
import { createAdmin } from './admin.ts';
import { createClock } from './clock.ts';
import type { SimClock } from './clock.ts';
import { defaultSettings, mergeConfig } from './config.ts';
import type { SimConfig, SimConfigPatch } from './config.ts';
import type { FaultInput, ScriptedFault } from './faults/fault.ts';
import { createFaultScript } from './faults/script.ts';
import { createService } from './http/serve.ts';
import type { Exchange } from './http/serve.ts';
import { readLedger } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { createParking } from './media/parking.ts';
import { createPostedTexts } from './posts/duplicates.ts';
import { createIds } from './snowflake.ts';
import { createWatch } from './watch.ts';
import type { World } from './world.ts';

export interface SimOptions {
  /** Default 0: a free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  config?: SimConfigPatch;
  /** What the simulator's clock runs on; default Date.now. */
  now?: () => number;
  /** Told of every answer as it was sent, and of every request that got none. */
  onExchange?: (exchange: Exchange) => void;
}

/** A user with all that a client needs to act for them. */
export interface SimUser {
  id: string;
  username: string;
  appId: string;
  accessToken: string;
  /** Present if the scopes include offline.access. */
  refreshToken?: string;
  scopes: readonly string[];
  subscription: string;
  oauth1: { consumerKey: string; consumerSecret: string; token: string; tokenSecret: string };
}

export interface Sim {
  readonly url: string;
  readonly port: number;
  readonly clock: SimClock;
  /** Adds a user with tokens of both kinds. Default scopes: all that posting needs. */
  addUser(input?: UserInput): SimUser;
  addApp(input?: AppInput): SimApp;
  readonly faults: {
    /** Adds a fault and returns its id. */
    script(fault: FaultInput): string;
    /** Takes one out, and returns it with how often it has fired. */
    remove(id: string): ScriptedFault | undefined;
    clear(): void;
    /** The script with how often each fault has fired. */
    list(): ScriptedFault[];
  };
  configure(patch: SimConfigPatch): void;
  config(): SimConfig;
  ledger(userId?: string): Ledger;
  /** Resolves with what the predicate returns once that is neither undefined nor false. Default timeout 10 s. */
  waitFor<T>(
    predicate: (ledger: Ledger) => T | undefined | false,
    options?: { timeoutMs?: number },
  ): Promise<T>;
  /** Requests that are being served now, hung ones included. */
  openRequests(): number;
  /** Forgets users, uploads, posts, faults and windows; back to the starting config and the real time. */
  reset(): void;
  close(): Promise<void>;
}

/** Starts a local X. Resolves when it listens. */
export async function startSim(options: SimOptions = {}): Promise<Sim> {
  const host = options.host ?? '127.0.0.1';
  const startConfig = mergeConfig(defaultSettings(), options.config);
  const watch = createWatch<Ledger>(() => readLedger(world));
  const clock = createClock(options.now ?? Date.now, () => watch.changed());
  let world = createWorld(startConfig, clock, watch.changed);
  let openRequests = 0;

  let serve = createService(world, options.onExchange);
  const server = createServer((req, res) => {
    openRequests += 1;
    const isAdmin = req.url?.startsWith('/_sim/') ?? false;
    const handled = isAdmin ? admin(req, res) : serve(req, res);
    void handled
      .catch((error: unknown) => {
        // A fault of the simulator itself: say so instead of looking like X.
        res.destroy();
        console.error('x-sim failed to serve', req.method, req.url, error);
      })
      .finally(() => {
        openRequests -= 1;
        watch.changed();
      });
  });
  // Clients keep connections for long; an early goodbye would look like a fault that nobody scripted.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, () => resolve());
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
  const { port } = address;

  function configure(patch: unknown): void {
    world.config = mergeConfig(world.config, patch);
    watch.changed();
  }

  const sim: Sim = {
    url: `http://${host}:${port}`,
    port,
    clock: { now: clock.now, advance: clock.advance, freeze: clock.freeze, resume: clock.resume },
    addUser: (input = {}) => addUser(world, userInputSchema.parse(input)),
    addApp: (input = {}) => world.accounts.addApp(appInputSchema.parse(input)),
    faults: {
      script: (fault) => world.faults.add(fault),
      remove: (id) => world.faults.remove(id),
      clear: () => world.faults.clear(),
      list: () => world.faults.list(),
    },
    configure,
    config: () => structuredClone(world.config),
    ledger: (userId) => readLedger(world, userId),
    waitFor: watch.waitFor,
    openRequests: () => openRequests,
    reset() {
      world.parking.close();
      clock.reset();
      world = createWorld(startConfig, clock, watch.changed);
      serve = createService(world, options.onExchange);
      watch.changed();
    },
    async close() {
      watch.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      world.parking.close();
    },
  };
  const admin = createAdmin(sim, configure);
  return sim;
}

function createWorld(config: SimConfig, clock: SimClock, changed: () => void): World {
  const newId = createIds(clock.now);
  return {
    config: structuredClone(config),
    clock,
    accounts: createAccounts({ newId, now: clock.now }),
    grants: createGrants(),
    limits: createRateLimits(),
    faults: createFaultScript(changed),
    parking: createParking(),
    postedTexts: createPostedTexts(),
    uploads: new Map(),
    uploadsByKey: new Map(),
    posts: new Map(),
    postsByUser: new Map(),
    requests: {},
    spentUsd: 0,
    newId,
    changed,
  };
}

function addUser(world: World, input: UserInput): SimUser {
  const { accounts, config } = world;
  const app = accounts.appFor(input.appId);
  const user = accounts.addUser(input);
  const scopes = input.scopes ?? [...SCOPES];
  const { access, refresh } = world.grants.issue({
    appId: app.id,
    userId: user.id,
    scopes,
    now: world.clock.now(),
    accessTtlMs: input.accessTokenTtlMs === undefined ? config.staticTokenTtlMs : input.accessTokenTtlMs,
    refreshTtlMs: config.refreshTokenTtlMs,
    accessToken: input.accessToken,
    refreshToken: input.refreshToken,
  });
  const oauth1 = accounts.addOAuth1Token(user, app, input.oauth1 ?? {});
  return {
    id: user.id,
    username: user.username,
    appId: app.id,
    accessToken: access.token,
    ...(refresh === undefined ? {} : { refreshToken: refresh.token }),
    scopes,
    subscription: user.subscription,
    oauth1: {
      consumerKey: app.consumerKey,
      consumerSecret: app.consumerSecret,
      token: oauth1.token,
      tokenSecret: oauth1.tokenSecret,
    },
  };
}
