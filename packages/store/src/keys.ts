import { slotOfAccount, slotOfPost } from './ids.ts';

/** The names in Redis of one partition; its hash tag keeps them together in a cluster. */
export interface PartitionKeys {
  partition: number;
  /** Also the prefix of its BullMQ keys. */
  tag: string;
  /** Prefix of the records: `post` + id. */
  post: string;
  /** Prefix of the posts of an account that wait for their start, by that instant: it + account id. */
  backlog: string;
  /** Accounts that have posts to hand over, by the instant at which they may be given the next one. */
  ring: string;
  /** Prefix of the set of an account's posts that are handed over or in hand: it + account id. */
  busy: string;
  /** Prefix of how far an account has used up its pace (GCRA, epoch ms): it + account id. Expires by itself. */
  tat: string;
  /** Posts that are handed to the queue, by the instant at which somebody must have looked at them. */
  admitted: string;
  all: string;
  ofAccount: (accountId: string) => string;
  ofStatus: (status: string) => string;
  /** The posts of an account by the instant at which they are due. */
  schedule: (accountId: string) => string;
  /** Prefix of what keeps a slot for a post that is not made yet: `claim` + id of the post. Expires by itself. */
  claim: string;
  /** Hash: how fast uploads and processing went of late, as `<category>:<measure>`. */
  pace: string;
  /** Stream of all events. */
  events: string;
  /** A post's own events, under the ids of the stream: a list, since the smallest stream takes 4 KiB. */
  eventsOf: (postId: string) => string;
  /** Prefix of the accounts: `account` + id. */
  account: string;
  /** Ids of the accounts, for lists. */
  accounts: string;
  /** Hash: the id of an account by its username in lower case, and by its X user id behind a `#`. */
  accountNames: string;
  /** Prefix of the attempts to connect an account: it + digest of their state. */
  connecting: string;
  /** Hash: what keeps an account from posting, as JSON `{ "paused"?: Block, "block"?: Block }`. */
  blocks: string;
  /** Hash: what X counts of an account's calls (lua/windows.lua). */
  limitsOf: (accountId: string) => string;
  /** What was spent for an account in a month (`2026-01`), in micro-dollars. */
  spentOf: (accountId: string, month: string) => string;
  /** Hash: how often an account was released; and, under '', how often an app was. */
  releases: string;
  /** What was last known of Redis' own history: its name and since when. */
  history: string;
  /** Written by whoever makes sure that what was written before is safe. */
  barrier: string;
  /** Channel of ids that were accepted and are due at once. */
  due: string;
  /** Channel of byte progress. */
  progress: string;
}

/** Events are kept this long in the stream of all posts; a post's own are kept as long as the post. */
export const EVENT_RETENTION_MS = 7 * 24 * 60 * 60_000;

/** What is due stands in the schedule of its account until so long afterwards. */
export const SCHEDULE_RETENTION_MS = 24 * 60 * 60_000;

export function keysOf(partition: number): PartitionKeys {
  const tag = `{slipway:${partition}}`;
  return {
    partition,
    tag,
    post: `${tag}:post:`,
    backlog: `${tag}:backlog:`,
    ring: `${tag}:ring`,
    busy: `${tag}:busy:`,
    tat: `${tag}:tat:`,
    admitted: `${tag}:admitted`,
    all: `${tag}:posts`,
    ofAccount: (accountId) => `${tag}:posts:account:${accountId}`,
    ofStatus: (status) => `${tag}:posts:status:${status}`,
    schedule: (accountId) => `${tag}:schedule:${accountId}`,
    claim: `${tag}:claim:`,
    pace: `${tag}:pace`,
    events: `${tag}:events`,
    eventsOf: (postId) => `${tag}:events:${postId}`,
    account: `${tag}:account:`,
    accounts: `${tag}:accounts`,
    accountNames: `${tag}:accounts:names`,
    connecting: `${tag}:connecting:`,
    blocks: `${tag}:blocks`,
    limitsOf: (accountId) => `${tag}:limits:${accountId}`,
    spentOf: (accountId, month) => `${tag}:spent:${accountId}:${month}`,
    releases: `${tag}:releases`,
    history: `${tag}:history`,
    barrier: `${tag}:barrier`,
    due: `${tag}:due`,
    progress: `${tag}:progress`,
  };
}

/** The names of an X app, whose accounts are in all partitions: it has a hash tag of its own. */
export interface AppKeys {
  /** Hash: what X counts of its calls (lua/windows.lua). */
  limits: string;
  /** Hash: why none of its accounts calls X. */
  park: string;
  /** What was spent in a month (`2026-01`), in micro-dollars. */
  spentIn: (month: string) => string;
}

export function keysOfApp(app: string): AppKeys {
  // A name with braces would be in another slot than it says.
  const tag = `{slipway-app:${encodeURIComponent(app)}}`;
  return { limits: `${tag}:limits`, park: `${tag}:park`, spentIn: (month) => `${tag}:spent:${month}` };
}

/** All partitions, and the way to the right one. */
export interface Layout {
  partitions: PartitionKeys[];
  forPost: (postId: string) => PartitionKeys;
  forAccount: (accountId: string) => PartitionKeys;
}

export function layOut(count: number): Layout {
  const partitions = Array.from({ length: count }, (_, partition) => keysOf(partition));
  const at = (slot: number): PartitionKeys => {
    const keys = partitions[slot % count];
    if (!keys) throw new Error(`there is no partition for slot ${slot}`);
    return keys;
  };
  return {
    partitions,
    forPost: (postId) => at(slotOfPost(postId)),
    forAccount: (accountId) => at(slotOfAccount(accountId)),
  };
}
