import { startStack, type Stack } from '@slipway/local';
import { setTimeout as wait } from 'node:timers/promises';
import { createApiClient, type ApiClient, type PostView } from './api-client.ts';
import type { EventEvidence, Evidence, Violation } from './evidence.ts';
import { playFaults } from './faults/conductor.ts';
import { seatRedis, type RedisSeat } from './faults/redis-seat.ts';
import type { FaultRecord, Stage } from './faults/stage.ts';
import { createFleet } from './fleet.ts';
import { findViolations } from './invariants/check.ts';
import { startLoad, type Load } from './load.ts';
import { createLinks } from './links.ts';
import { settingsOf } from './plan/campaign-settings.ts';
import type { Plan } from './plan/vocabulary.ts';
import { createSightings, type Sightings } from './sightings.ts';
import { readAllEvents, subscribe, type Subscription } from './subscriber.ts';
import { startWatch } from './watch.ts';

export interface CampaignHooks {
  onFault(record: FaultRecord): void;
  onProgress(line: string): void;
  /** Every line that a process of the stack prints. */
  onLine(processName: string, line: string): void;
}

export interface CampaignResult {
  evidence: Evidence;
  violations: Violation[];
  faults: FaultRecord[];
  sightings: Pick<Sightings, 'takes' | 'moves'>;
  subscriptionsResumed: number;
  /** From the first post to the end of the last one. */
  tookMs: number;
}

/** After the last fault, posts may take so long to end; one that has not ended then never will. */
const SETTLE_LIMIT_MS = 150_000;
/** When all posts have ended, subscribers that were just cut off still have to come back. */
const LAST_EVENTS_MS = 30_000;
/** Posts whose events are read at a time when all is over. */
const READERS = 20;
const UNFINISHED = ['scheduled', 'staging', 'staged', 'publishing'];
/** X answers no faster than this, so that faults can come in between. */
const APPEND_DELAY_MS = 30;
const CREATE_DELAY_MS = 40;

/** Plays a plan against all of Slipway, and asks from the outside whether every invariant held. */
export async function runCampaign(plan: Plan, hooks: CampaignHooks): Promise<CampaignResult> {
  await using cleanUp = new AsyncDisposableStack();
  const links = createLinks();
  cleanUp.defer(() => links.closeAll());
  const sightings = createSightings();
  const stack = await startStack({
    workers: plan.workers,
    usernames: plan.usernames,
    settings: settingsOf(plan),
    redis: {
      appendfsync: plan.profile === 'always' ? 'always' : 'everysec',
      // A rewrite would make what is to be cut off a part of its base.
      config: { 'auto-aof-rewrite-percentage': '0' },
    },
    // X's own check for duplicates would hide a post that is created twice.
    sim: { duplicateWindowMs: 0, limits: { mode: 'off' } },
    link: (link) => links.open(link),
    clockSkewMs: (name) => skewOf(plan, name),
    onLine(name, line) {
      sightings.hear(name, line);
      hooks.onLine(name, line);
    },
  });
  let seat: RedisSeat | undefined;
  // Workers hand back what they have in hand, for which they need their Redis.
  cleanUp.defer(async () => {
    await stack.stop();
    await seat?.stop();
  });
  if (!stack.redis) throw new Error('a campaign needs a Redis of its own');
  seat = await seatRedis(stack.redis, links, plan.profile === 'failover');
  const stage: Stage = { stack, fleet: createFleet(stack), links, sightings, redis: seat };
  await prepareX(plan, stack);

  const startedAt = Date.now();
  const callerUrl = await links.open({ from: 'caller', to: 'api', url: stack.api.url });
  const caller = createApiClient(callerUrl, stack.api.key);
  const subscriptions = new Map<string, Subscription>();
  const faults: FaultRecord[] = [];
  const load = startLoad({
    stack,
    api: caller,
    sightings,
    plan,
    startedAt,
    onAcknowledged: (id) => subscriptions.set(id, subscribe(caller, id)),
  });
  const watch = startWatch(stack.sim);
  const played = playFaults(stage, plan.faults, startedAt, (record) => {
    faults.push(record);
    hooks.onFault(record);
  });
  const direct = createApiClient(stack.api.url, stack.api.key);
  await Promise.all([played, load.done]);
  hooks.onProgress(
    `faults are over after ${seconds(Date.now() - startedAt)}; waiting for ${plan.posts} posts to end`,
  );
  await settle(direct);
  const tookMs = Date.now() - startedAt;
  const seenWhileRunning = await watch.stop();

  const evidence = await gather({ plan, stack, direct, load, subscriptions, faults });
  return {
    evidence,
    violations: joinViolations(seenWhileRunning, findViolations(evidence)),
    faults,
    sightings,
    // The last time is no resumption: it is how a subscriber learns that nothing more will come.
    subscriptionsResumed: [...subscriptions.values()].reduce((sum, { resumed }) => sum + resumed - 1, 0),
    tookMs,
  };
}

/** A worker that takes another's place has another clock. */
function skewOf({ clockSkewMs }: Plan, name: string): number {
  const number = Number(/^worker-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
  return Number.isNaN(number) ? 0 : (clockSkewMs[number % clockSkewMs.length] ?? 0);
}

async function prepareX(plan: Plan, { sim, accounts }: Stack): Promise<void> {
  await sim.script({ on: { operation: 'media.append' }, times: 'always', do: { delayMs: APPEND_DELAY_MS } });
  await sim.script({ on: { operation: 'posts.create' }, times: 'always', do: { delayMs: CREATE_DELAY_MS } });
  const unlucky = accounts[plan.unluckyAccount];
  if (!unlucky) throw new Error('the plan names an account that there is not');
  await sim.script({
    on: { operation: 'media.finalize', userId: unlucky.xUserId },
    times: 'always',
    do: { processing: { fail: { code: 1, name: 'InvalidMedia', message: 'The video has no picture.' } } },
  });
}

/** Waits until every post has ended, or has had the time for it. */
async function settle(api: ApiClient): Promise<void> {
  const deadline = Date.now() + SETTLE_LIMIT_MS;
  while (Date.now() < deadline) {
    // The last fault may just have ended: an API that says 503 yet says so truly.
    const open: PostView[][] | undefined = await Promise.all(
      UNFINISHED.map((status) => api.list(status)),
    ).catch(() => undefined);
    if (open?.flat().length === 0) return;
    await wait(500);
  }
}

interface Gathering {
  plan: Plan;
  stack: Stack;
  direct: ApiClient;
  load: Load;
  subscriptions: ReadonlyMap<string, Subscription>;
  faults: readonly FaultRecord[];
}

async function gather({ plan, stack, direct, load, subscriptions, faults }: Gathering): Promise<Evidence> {
  const posts = await direct.list();
  const known = new Set(posts.map(({ id }) => id));
  const followed = [...subscriptions.values()];
  const timeout = AbortSignal.timeout(LAST_EVENTS_MS);
  await Promise.race([
    // Nothing more will ever be told of a post that was lost.
    Promise.all(followed.filter(({ postId }) => known.has(postId)).map(({ over }) => over)),
    new Promise((resolve) => timeout.addEventListener('abort', resolve)),
  ]);
  for (const subscription of followed) subscription.stop();
  await Promise.all(followed.map(({ over }) => over));
  const ended = new Set(posts.filter(({ status }) => !UNFINISHED.includes(status)).map(({ id }) => id));
  const events = new Map<string, EventEvidence>();
  const remaining = followed.values();
  // Some at a time: the API has other readers, too.
  const readSome = async (): Promise<void> => {
    for (const { postId, events: seen, state } of remaining) {
      const told = ended.has(postId) ? await readAllEvents(direct, postId) : [];
      events.set(postId, { seen, told, ended: state === 'ended' });
    }
  };
  await Promise.all(Array.from({ length: READERS }, readSome));
  return {
    plan,
    submissions: load.submissions,
    posts,
    ledger: await stack.sim.ledger(),
    hashes: load.hashes,
    events,
    neverStopped: faults.flatMap(({ neverStopped, target }) => (neverStopped ? [target] : [])),
    disturbances: faults.flatMap(({ disturbance }) => disturbance ?? []),
    storms: faults.flatMap(({ storm }) => storm ?? []),
    appendsLost: faults.reduce(
      (sum, { kind, fired }) => sum + (kind === 'x.append_lost' ? (fired ?? 0) : 0),
      0,
    ),
  };
}

/** What was seen while it ran is mostly there at the end, too. */
function joinViolations(before: readonly Violation[], atEnd: readonly Violation[]): Violation[] {
  const isTold = (seen: Violation): boolean =>
    atEnd.some(
      ({ rule, token, postId }) => rule === seen.rule && token === seen.token && postId === seen.postId,
    );
  return [...before.filter((seen) => !isTold(seen)), ...atEnd];
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
