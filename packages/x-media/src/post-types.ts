import type { CallOptions, XResult } from './result.ts';

export type ReplySettings = 'following' | 'mentionedUsers' | 'subscribers' | 'verified';

/** Exactly one of the three. URLs are https. */
export type CallToAction =
  | { visitSite: { url: string } }
  | { watchNow: { url: string } }
  | { appInstall: { appStoreId?: string; ipadAppStoreId?: string; playStoreId?: string } };

export interface PostMedia {
  /** 1 to 4: up to four photos, or one GIF, or one video. */
  mediaIds: readonly string[];
  /** At most 10. */
  taggedUserIds?: readonly string[];
  title?: string;
  description?: string;
  /** True: asset URLs do not expire and may be played elsewhere. */
  embeddable?: boolean;
  previewMediaId?: string;
  callToActions?: CallToAction;
}

/**
 * A post needs text or media or another attachment. At most one of `media`, `poll`, `quotePostId`, `cardUri` and
 * `directMessageDeepLink`. X has no idempotency key: see {@link PostCalls.create}.
 */
export interface CreatePostInput {
  /** Weighted length at most 280 (25,000 for Premium accounts), counted by twitter-text; not checked here. */
  text?: string;
  media?: PostMedia;
  reply?: {
    inReplyToPostId: string;
    excludeReplyUserIds?: readonly string[];
    autoPopulateReplyMetadata?: boolean;
  };
  /** Enterprise plans only, at present. */
  quotePostId?: string;
  poll?: {
    /** 2 to 4, of 1 to 25 characters. */
    options: readonly string[];
    /** 5 to 10,080. */
    durationMinutes: number;
    replySettings?: ReplySettings;
  };
  /** Absent: everyone. */
  replySettings?: ReplySettings;
  forSuperFollowersOnly?: boolean;
  shareWithFollowers?: boolean;
  /** Not shown in timelines, so a lost answer cannot be settled by looking there. */
  nullcast?: boolean;
  madeWithAi?: boolean;
  paidPartnership?: boolean;
  geo?: { placeId: string };
  communityId?: string;
  cardUri?: string;
  directMessageDeepLink?: string;
  /** Edits that post instead of creating one. Premium, own posts, for a limited time. */
  editOptions?: { previousPostId: string };
}

export interface CreatedPost {
  id: string;
  /** May differ from what was sent: links wrapped, a media link added, `& < >` escaped. */
  text?: string;
  editHistoryIds?: string[];
}

export interface PostCalls {
  /**
   * Sent once, on a connection opened for it and closed after it, never resent by the HTTP layer. Whatever leaves
   * open whether the post exists is thrown with `retry.advice: 'reconcile'`: no answer, 5xx, 408, a 2xx without an
   * id, an answer that is not X's own.
   */
  create: (input: CreatePostInput, call?: CallOptions) => Promise<XResult<CreatedPost>>;
  /** Deleting one version of an edited post deletes them all. Treat `not_found` as deleted. */
  delete: (input: { postId: string }, call?: CallOptions) => Promise<XResult<{ deleted: boolean }>>;
}
