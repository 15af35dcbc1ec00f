export { createXClient } from './client.ts';
export type { AccountOptions, XAccountClient, XClient, XClientOptions } from './client-types.ts';
export type { XCredentials } from './credentials.ts';
export { isXError, X_ERROR_CODES, XError } from './errors.ts';
export type { Reach, RetryAdvice, XErrorCode, XErrorDetails } from './errors.ts';
export { MEDIA_CATEGORIES, MEDIA_TYPES } from './media-types.ts';
export type {
  AnalyticsInput,
  AppendedSegment,
  AppendInput,
  BodyEncoding,
  ByteStream,
  CreateSubtitlesInput,
  DeleteSubtitlesInput,
  InitializedUpload,
  InitializeInput,
  LookupInput,
  MediaAnalytics,
  MediaCalls,
  MediaCategory,
  MediaObject,
  MediaProcessing,
  MediaType,
  MediaUpload,
  MetadataInput,
  UploadInput,
  VideoMetrics,
} from './media-types.ts';
export type {
  AuthorizeInput,
  ExchangeInput,
  OAuth2Calls,
  OAuth2Client,
  OAuth2Tokens,
  RefreshInput,
  RevokeInput,
} from './oauth2-types.ts';
export type {
  CallToAction,
  CreatedPost,
  CreatePostInput,
  PostCalls,
  PostMedia,
  ReplySettings,
} from './post-types.ts';
export type {
  CallOptions,
  RateLimits,
  RateWindow,
  Timeouts,
  XProblem,
  XResponse,
  XResult,
} from './result.ts';
export type {
  DailyUsage,
  MeInput,
  Timeline,
  TimelineInput,
  TimelinePost,
  Usage,
  UsageInput,
  UserCalls,
  XUser,
} from './user-types.ts';
export { signOAuth1 } from './oauth1.ts';
export type { OAuth1Request } from './oauth1.ts';
export { createPkce } from './pkce.ts';
export type { Pkce } from './pkce.ts';
export { nextResetAt } from './rate-limits.ts';
export { postIdAt, timeOfPostId } from './snowflake.ts';
