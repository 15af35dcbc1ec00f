import { chance, type Chance } from './chance.ts';
import type { Fault, Link, LinkFault, PlannedFault, Profile, WorkerFault, XFault } from './vocabulary.ts';

export interface FaultOptions {
  seed: number;
  profile: Profile;
  workers: number;
  /** Accounts that faults may be aimed at. */
  accounts: number;
  /** All faults begin and end within this. */
  windowMs: number;
  without: readonly string[];
}

/** The stack is left alone at first, so that there is something to break. */
const CALM_MS = 2_000;
/** On average one fault begins in so much time. */
const EVERY_MS = 1_100;
/** Between two faults of one thing, where it can be had. */
const GAP_MS = 500;
const TIMELINE = 'x.timeline';
const STUCK = 'x.processing_stuck';
/** Nearer to each other these would be more than Slipway promises to get over. */
const GAPS_NEEDED_MS: readonly [thing: string, gapMs: number][] = [
  // Could hide a post from all looks that a campaign's short window has.
  [TIMELINE, 9_000],
  // Could hold up both uploads that a media item is given.
  [STUCK, 90_000],
];

type Draft = Fault & { forMs: number };
type Draw = (draw: Chance, options: FaultOptions) => Draft;

/** Every kind of fault, and how one is drawn. Lengths are for the short leases and timeouts of a campaign. */
const DRAWS: Record<string, Draw> = {
  'worker.kill': (draw, { workers }) => ({ ...worker(draw, 'worker.kill', workers), forMs: 0 }),
  // Mostly longer than the lease, so that it comes back to a post that another has taken.
  'worker.pause': (draw, { workers }) => ({
    ...worker(draw, 'worker.pause', workers),
    forMs: draw.integer(1_000, 9_000),
  }),
  'worker.stop': (draw, { workers }) => ({ ...worker(draw, 'worker.stop', workers), forMs: 0 }),
  'api.kill': (draw) => ({ kind: 'api.kill', forMs: draw.integer(0, 1_500) }),
  'api.pause': (draw) => ({ kind: 'api.pause', forMs: draw.integer(500, 4_000) }),
  'redis.restart': () => ({ kind: 'redis.restart', forMs: 0 }),
  'redis.kill': (draw) => ({ kind: 'redis.kill', forMs: draw.integer(0, 2_500) }),
  'redis.pause': (draw) => ({ kind: 'redis.pause', forMs: draw.integer(500, 4_000) }),
  'redis.lose_queue': () => ({ kind: 'redis.lose_queue', forMs: 0 }),
  'redis.cut_tail': (draw) => ({
    kind: 'redis.cut_tail',
    loseMs: draw.integer(200, 1_500),
    forMs: draw.integer(0, 1_000),
  }),
  'redis.failover': (draw) => ({ kind: 'redis.failover', loseMs: draw.integer(200, 1_500), forMs: 0 }),
  'link.cut': (draw, options) => ({ kind: 'link.cut', link: link(draw, options), forMs: 0 }),
  'link.freeze': (draw, options) => ({
    kind: 'link.freeze',
    link: link(draw, options),
    forMs: draw.integer(1_000, 6_000),
  }),
  'link.refuse': (draw, options) => ({
    kind: 'link.refuse',
    link: link(draw, options),
    forMs: draw.integer(500, 3_000),
  }),
  'link.delay': (draw, options) => ({
    kind: 'link.delay',
    link: link(draw, options),
    delayMs: draw.integer(50, 400),
    forMs: draw.integer(2_000, 6_000),
  }),
  'link.reset_after': (draw, options) => resetAfter(draw, link(draw, options)),
  'link.reset_append': (draw, { workers }) =>
    resetAfter(draw, { from: 'worker', worker: draw.integer(0, workers - 1), to: 'x' }),
  'link.drop_answers': (draw, { workers }) => ({
    kind: 'link.drop_answers',
    link: draw.pick<Link>([
      { from: 'caller', to: 'api' },
      { from: 'worker', worker: draw.integer(0, workers - 1), to: 'x' },
    ]),
    times: draw.integer(1, 3),
    forMs: 3_000,
  }),
  'x.unavailable': (draw) =>
    xFault('x.unavailable', draw.pick(['media.*', 'media.append', 'media.upload', '*']), {
      effect: {
        answer: draw.pick([
          'service_unavailable',
          'bad_gateway',
          'gateway_timeout',
          'over_capacity',
        ] as const),
      },
      forMs: draw.integer(500, 3_000),
    }),
  'x.server_error': (draw) =>
    xFault('x.server_error', draw.pick(['media.append', 'media.finalize', 'media.metadata']), {
      times: draw.integer(1, 6),
      effect: { answer: draw.pick(['internal_error', 'internal_error_strings', 'html'] as const) },
      forMs: 3_000,
    }),
  'x.rate_limit': (draw, { accounts }) => ({
    ...xFault('x.rate_limit', draw.pick(['*', 'posts.create', 'media.*']), {
      // Longer than the clocks of two workers differ: a reset that has passed tells a worker nothing.
      effect: { rateLimit: { resetAfterMs: 3_500 } },
      forMs: draw.integer(10_000, 16_000),
    }),
    account: draw.integer(0, accounts - 1),
  }),
  'x.append_reset': (draw) =>
    xFault('x.append_reset', 'media.append', {
      times: draw.integer(1, 5),
      effect: { resetAfterBytes: draw.integer(0, 60_000) },
      forMs: 4_000,
    }),
  'x.append_lost': (draw) =>
    xFault('x.append_lost', 'media.append', {
      times: draw.integer(1, 5),
      effect: { acceptThenDrop: true },
      forMs: 4_000,
    }),
  'x.initialize_lost': (draw) =>
    xFault('x.initialize_lost', 'media.initialize', {
      times: draw.integer(1, 2),
      effect: { acceptThenDrop: true },
      forMs: 5_000,
    }),
  'x.finalize_lost': (draw) =>
    xFault('x.finalize_lost', 'media.finalize', {
      times: draw.integer(1, 3),
      effect: draw.pick([{ acceptThenDrop: true }, { acceptThenAnswer: 'service_unavailable' }] as const),
      forMs: 6_000,
    }),
  'x.upload_lost': (draw) =>
    xFault('x.upload_lost', 'media.upload', {
      times: draw.integer(1, 3),
      effect: { acceptThenDrop: true },
      forMs: 4_000,
    }),
  'x.poll_failed': (draw) =>
    xFault('x.poll_failed', 'media.status', {
      times: draw.integer(1, 4),
      effect: draw.pick([
        { answer: 'service_unavailable' },
        { answer: 'over_capacity' },
        { acceptThenDrop: true },
      ] as const),
      forMs: 5_000,
    }),
  [STUCK]: (draw, { accounts }) => ({
    ...xFault(STUCK, 'media.finalize', {
      effect: {
        processing: { neverFinish: true, ...(draw.happens(0.5) && { omitCheckAfterSecs: true as const }) },
      },
      // Shorter than the limit of the processing: the upload that is tried next is let through.
      forMs: draw.integer(2_000, 5_000),
    }),
    account: draw.integer(0, accounts - 1),
  }),
  'x.slow': (draw) =>
    xFault('x.slow', draw.pick(['*', 'media.append', 'posts.create', 'users.timeline']), {
      effect: { delayMs: draw.integer(300, 2_500) },
      times: 6,
      forMs: draw.integer(2_000, 5_000),
    }),
  'x.timeline_lag': (draw) =>
    xFault('x.timeline_lag', 'users.timeline', {
      times: 'always',
      effect: { timeline: { lagMs: draw.integer(1_000, 3_000) } },
      forMs: draw.integer(2_000, 4_000),
    }),
  'x.timeline_empty': (draw) =>
    xFault('x.timeline_empty', 'users.timeline', {
      times: 'always',
      effect: { timeline: 'empty' },
      forMs: draw.integer(1_000, 3_000),
    }),
  'x.timeline_missing': (draw) =>
    xFault('x.timeline_missing', 'users.timeline', {
      times: 'always',
      effect: { answer: draw.pick(['not_found', 'not_found_empty', 'service_unavailable'] as const) },
      forMs: draw.integer(1_000, 4_000),
    }),
};

/** Done twice in each turn: what takes posts from one worker to another. */
const OFTEN: readonly string[] = ['worker.kill', 'worker.pause'];
const LOSSY: Record<string, Profile> = { 'redis.cut_tail': 'everysec', 'redis.failover': 'failover' };

/** What can be left out with `--without`: the names of `DRAWS`. */
export const FAULT_NAMES: readonly string[] = Object.keys(DRAWS);

/** All kinds in turn, each turn in another order; what acts on the same thing never overlaps. Sorted by time. */
export function planFaults(options: FaultOptions): PlannedFault[] {
  const draw = chance(options.seed, 'faults');
  const names = FAULT_NAMES.filter(
    (name) => !isLeftOut(name, options.without) && (LOSSY[name] ?? options.profile) === options.profile,
  );
  if (names.length === 0) return [];
  const count = Math.max(names.length + OFTEN.length, Math.round((options.windowMs - CALM_MS) / EVERY_MS));
  const planned: PlannedFault[] = [];
  let turn: string[] = [];
  for (let drawn = 0; drawn < count; drawn += 1) {
    if (turn.length === 0) turn = draw.shuffle([...names, ...names.filter((name) => OFTEN.includes(name))]);
    const name = turn.pop() ?? '';
    const draft = DRAWS[name]?.(draw, options);
    if (!draft) throw new Error(`no fault is called ${name}`);
    const atMs = findPlace(draw, draft, planned, options.windowMs);
    if (atMs !== undefined) planned.push({ ...draft, id: planned.length, atMs });
  }
  return planned.toSorted((a, b) => a.atMs - b.atMs);
}

function isLeftOut(name: string, without: readonly string[]): boolean {
  return without.some((each) => each === name || each === name.split('.')[0]);
}

/** Some instants are tried. Where none is free, a fault that must keep its distance is left out, and any other comes where it fits best. */
function findPlace(
  draw: Chance,
  draft: Draft,
  planned: readonly PlannedFault[],
  windowMs: number,
): number | undefined {
  const latest = Math.max(CALM_MS, windowMs - lengthOf(draft));
  const like = planned.filter((other) => thingOf(other) === thingOf(draft));
  const tries = Array.from({ length: 100 }, () => draw.integer(CALM_MS, latest));
  const gapOf = (atMs: number): number =>
    Math.min(...like.map((other) => gapBetween({ ...draft, atMs }, other)), Infinity);
  const needed = GAPS_NEEDED_MS.find(([thing]) => thingOf(draft).startsWith(thing))?.[1];
  const free = tries.find((atMs) => gapOf(atMs) >= (needed ?? GAP_MS));
  return free ?? (needed === undefined ? tries.toSorted((a, b) => gapOf(b) - gapOf(a))[0] : undefined);
}

type Placed = Draft & { atMs: number };
function gapBetween(a: Placed, b: Placed): number {
  return Math.max(a.atMs - b.atMs - lengthOf(b), b.atMs - a.atMs - lengthOf(a));
}

function lengthOf(fault: Draft): number {
  return fault.forMs + ('loseMs' in fault ? fault.loseMs : 0);
}

/** What a fault acts on. */
export function thingOf(fault: Fault): string {
  if ('worker' in fault) return `worker ${fault.worker}`;
  if ('link' in fault) return `link ${nameLink(fault.link)}`;
  if (fault.kind.startsWith(TIMELINE)) return TIMELINE;
  if ('account' in fault && fault.account !== null) return `${fault.kind} of ${fault.account}`;
  return 'account' in fault ? fault.kind : (fault.kind.split('.')[0] ?? '');
}

function nameLink(link: Link): string {
  return `${link.from === 'worker' ? `worker ${link.worker}` : link.from} → ${link.to}`;
}

function worker(draw: Chance, kind: WorkerFault['kind'], workers: number): WorkerFault {
  return { kind, worker: draw.integer(0, workers - 1), aim: draw.pick(['append', 'publish', null] as const) };
}

function link(draw: Chance, { workers }: FaultOptions): Link {
  const place = draw.integer(0, workers - 1);
  return draw.pick<Link>([
    { from: 'caller', to: 'api' },
    { from: 'api', to: 'redis' },
    { from: 'api', to: 's3' },
    { from: 'worker', worker: place, to: 'redis' },
    { from: 'worker', worker: place, to: 's3' },
    { from: 'worker', worker: place, to: 'x' },
  ]);
}

function resetAfter(draw: Chance, on: Link): LinkFault & { forMs: number } {
  return {
    kind: 'link.reset_after',
    link: on,
    bytes: draw.integer(200, 60_000),
    direction: draw.pick(['up', 'down'] as const),
    times: draw.integer(1, 4),
    forMs: 4_000,
  };
}

function xFault(
  kind: XFault['kind'],
  operation: string,
  {
    times = 'always',
    effect,
    forMs,
  }: Pick<XFault, 'effect'> & Partial<Pick<XFault, 'times'>> & { forMs: number },
): XFault & { forMs: number } {
  return { kind, account: null, operation, times, effect, forMs };
}
