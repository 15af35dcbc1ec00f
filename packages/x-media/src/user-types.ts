import type { CallOptions, XResult } from './result.ts';

export interface MeInput {
  /** Default: the fields of {@link XUser}. */
  userFields?: readonly string[];
  /** e.g. `most_recent_post_id` (older API: `most_recent_tweet_id`). Default none. */
  expansions?: readonly string[];
}

export interface XUser {
  id: string;
  name?: string;
  username?: string;
  verified?: boolean;
  /** `blue`, `government`, `business`, `none`. */
  verifiedType?: string;
  /** `Basic`, `Premium`, `PremiumPlus`, `None`: whether long text and video are plausible. */
  subscriptionType?: string;
  protected?: boolean;
  profileImageUrl?: string;
  mostRecentPostId?: string;
}

export interface TimelineInput {
  userId: string;
  /** Exclusive. A synthetic lower bound may be made with `postIdAt`. */
  sinceId?: string;
  /** Exclusive. */
  untilId?: string;
  /** Epoch milliseconds; sent to the second, rounded down. */
  startTime?: number;
  /** Epoch milliseconds; sent to the second, rounded down. */
  endTime?: number;
  /** 5 to 100. */
  maxResults?: number;
  paginationToken?: string;
  exclude?: ReadonlyArray<'replies' | 'retweets'>;
}

export interface TimelinePost {
  id: string;
  text?: string;
  mediaKeys: string[];
  /** Full text of a long post, when X sends it. */
  longText?: string;
}

/** Newest first. Eventually consistent: absence is no proof that a post does not exist. */
export interface Timeline {
  posts: TimelinePost[];
  nextToken?: string;
  resultCount?: number;
}

export interface UserCalls {
  me: (input?: MeInput, call?: CallOptions) => Promise<XResult<XUser>>;
  /** Asks for media keys by expansion alone: neither `tweet.fields` nor `post.fields`, so a rename cannot break it. */
  timeline: (input: TimelineInput, call?: CallOptions) => Promise<XResult<Timeline>>;
}

export interface UsageInput {
  /** 1 to 90; default 7. */
  days?: number;
}

export interface DailyUsage {
  /** ISO 8601. */
  date: string;
  usage?: number;
}

/** Post reads counted against the project's cap; neither writes nor money. */
export interface Usage {
  projectId?: string;
  projectCap?: number;
  projectUsage?: number;
  capResetDay?: number;
  daily: DailyUsage[];
  apps: Array<{ clientAppId?: string; daily: DailyUsage[] }>;
}
