import { z } from 'zod';

const wholeMs = z.int().min(0);
const limitSchema = z.strictObject({
  user15m: z.int().min(0).optional(),
  app15m: z.int().min(0).optional(),
  user24h: z.int().min(0).optional(),
  app24h: z.int().min(0).optional(),
  /** Counted but not shown in any header, like X's 300 posts in 3 hours. */
  user3h: z.int().min(0).optional(),
});

const simConfigSchema = z.strictObject({
  /** `old`: `edit_history_tweet_ids`, problem URIs on api.twitter.com. `new`: the words of spec 2.167. */
  vocabulary: z.enum(['old', 'new']),
  /** How long an upload may take, counted from initialize. */
  uploadExpiresAfterMs: wholeMs,
  /** How long a finalized media id may be attached, counted from finalize. */
  mediaExpiresAfterMs: wholeMs,
  /** Largest chunk of an append; a larger one gets 413 with an empty body. */
  maxChunkBytes: z.int().min(1),
  /** Largest media by kind, checked at initialize. */
  maxMediaBytes: z.strictObject({
    image: z.int(),
    gif: z.int(),
    video: z.int(),
    subtitles: z.int(),
  }),
  /**
   * What is hashed: each segment and the whole media, the whole media only, or nothing. For benchmarks, where hashing is
   * most of the simulator's work.
   */
  digests: z.enum(['all', 'media', 'none']),
  appendAnswer: z.enum(['expires_at', 'empty_204']),
  /** `json_only`: multipart is refused with 400, as X did in May 2025. */
  encoding: z.enum(['any', 'json_only']),
  repeatedSegment: z.enum(['overwrite', 'reject', 'double_count']),
  repeatedFinalize: z.enum(['same', 'reject', 'not_found']),
  /** Time from finalize to `succeeded`. */
  processingMs: z.strictObject({
    tweet_video: wholeMs,
    amplify_video: wholeMs,
    tweet_gif: wholeMs,
    dm_video: wholeMs,
    dm_gif: wholeMs,
  }),
  checkAfterSecs: z.int().min(1),
  /**
   * Answer to a STATUS call that comes before `check_after_secs` have passed. `refuse_between_polls` (503) counts from the
   * previous STATUS only, since common clients ask right after finalize; `refuse` counts from finalize too.
   */
  earlyPoll: z.enum(['refuse_between_polls', 'refuse', 'allow']),
  /** `premium`: initialize of an amplify_video answers 403 to everyone else. */
  amplifyVideo: z.enum(['anyone', 'premium']),
  mediaReuse: z.enum(['allow', 'reject']),
  /** Self-serve plans may not quote. */
  quotes: z.enum(['forbidden', 'allowed']),
  /** The same text of the same user within this time gets 403. 0 turns it off. */
  duplicateWindowMs: wholeMs,
  /** `tco`: URLs and media become t.co links in answers and `& < >` are escaped. */
  textRendering: z.enum(['tco', 'as_sent']),
  /** A post shows up in timelines this long after its creation. */
  timelineLagMs: wholeMs,
  oauth1: z.enum(['verify', 'unchecked']),
  /** Lifetime of access tokens from the token endpoint. */
  accessTokenTtlMs: wholeMs,
  /** Lifetime of access tokens handed out by `addUser`; null: they never expire. */
  staticTokenTtlMs: wholeMs.nullable(),
  refreshTokenTtlMs: wholeMs,
  authorizationCodeTtlMs: wholeMs,
  /** What a refresh does to the access token that it replaces. */
  refreshedAccessToken: z.enum(['dies', 'lives']),
  /** Authorize without asking, as this user. */
  autoApproveUserId: z.string().nullable(),
  limits: z.strictObject({
    mode: z.enum(['enforced', 'off']),
    /** Body of a 429: a problem document or v1's code 88. */
    body: z.enum(['problem', 'v1']),
    headers: z.enum(['sent', 'missing']),
    /** Replaces the documented limits of an operation, e.g. `{'posts.create': {user15m: 3}}`. */
    overrides: z.record(z.string(), limitSchema),
  }),
  /** Prepaid balance in US dollars; null: not counted. At 0 everything answers 402. */
  creditsUsd: z.number().nullable(),
});

export type SimConfig = z.infer<typeof simConfigSchema>;
/** A change of some settings: nested settings may be given in part, too. */
export type SimConfigPatch = {
  [K in keyof SimConfig]?: SimConfig[K] extends Record<string, unknown>
    ? Partial<SimConfig[K]>
    : SimConfig[K];
};
export type Limit = z.infer<typeof limitSchema>;

const DAY_MS = 86_400_000;

const defaultConfig: SimConfig = {
  vocabulary: 'old',
  uploadExpiresAfterMs: DAY_MS,
  mediaExpiresAfterMs: DAY_MS,
  maxChunkBytes: 5_000_000,
  maxMediaBytes: { image: 5_000_000, gif: 15_000_000, video: 512_000_000, subtitles: 1_000_000 },
  digests: 'all',
  appendAnswer: 'expires_at',
  encoding: 'any',
  repeatedSegment: 'overwrite',
  repeatedFinalize: 'same',
  processingMs: { tweet_video: 1200, amplify_video: 1200, tweet_gif: 600, dm_video: 1200, dm_gif: 600 },
  checkAfterSecs: 1,
  earlyPoll: 'refuse_between_polls',
  amplifyVideo: 'anyone',
  mediaReuse: 'allow',
  quotes: 'forbidden',
  duplicateWindowMs: DAY_MS,
  textRendering: 'tco',
  timelineLagMs: 0,
  oauth1: 'verify',
  accessTokenTtlMs: 7_200_000,
  staticTokenTtlMs: null,
  refreshTokenTtlMs: 180 * DAY_MS,
  authorizationCodeTtlMs: 30_000,
  refreshedAccessToken: 'dies',
  autoApproveUserId: null,
  limits: { mode: 'enforced', body: 'problem', headers: 'sent', overrides: {} },
  creditsUsd: null,
};

/** Lays `patch` over `base` (nested settings key by key). Throws a ZodError on an unknown key or a wrong value. */
export function mergeConfig(base: SimConfig, patch: unknown): SimConfig {
  const merged: Record<string, unknown> = { ...base };
  if (patch !== undefined && !isPlainObject(patch)) throw new TypeError('a config is an object');
  for (const [key, value] of Object.entries(patch ?? {})) {
    if (value === undefined) continue;
    const current = merged[key];
    merged[key] = isPlainObject(current) && isPlainObject(value) ? { ...current, ...value } : value;
  }
  return simConfigSchema.parse(merged);
}

/** The settings that a simulator starts with when told nothing else. */
export function defaultSettings(): SimConfig {
  return structuredClone(defaultConfig);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
