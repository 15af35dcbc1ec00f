export {
  type AccountSettings,
  BLOCK_CAUSES,
  type Block,
  type BlockCause,
  type Blocks,
  type Calendar,
  DEFAULT_ACCOUNT_SETTINGS,
  HEALTHS,
  type Health,
  TIERS,
  type Tier,
  calendarSchema,
  healthOf,
  isOfApp,
  waitingReasonOf,
} from './account.ts';
export { type AppRefusal, appRefusalOf } from './app-refusals.ts';
export { announce } from './announce.ts';
export { cancelPost } from './cancel.ts';
export {
  MAX_CHUNK_BYTES,
  MAX_SEGMENTS,
  type Segment,
  chooseChunkBytes,
  countSegments,
  segmentAt,
} from './chunk-plan.ts';
export {
  CLOCK_SKEW_MS,
  type TimelineEntry,
  deadlineOf,
  findAlike,
  findOurs,
  freshnessMs,
  isOnTimeline,
  isRendering,
  looksFrom,
  onUnknownOf,
} from './confirm.ts';
export { isChecksum, joinChecksums } from './crc.ts';
export { type Decision, type Moment, decide } from './decide.ts';
export { type EditContext, type Edited, type PostEdit, editPost } from './edit.ts';
export { ENDPOINTS, type Endpoint, endpointOf } from './endpoints.ts';
export { evolve } from './evolve.ts';
export {
  FAILURE_ROWS,
  type FailureRow,
  type Situation,
  type Verdict,
  isDefinite,
  judge,
  resetOf,
} from './failures.ts';
export { type Resolution, type Resolved, resolvePost } from './resolve.ts';
export { RETRY_FROM, type RetryFrom, retryPost } from './retry.ts';
export { tellWrongBytes } from './integrity.ts';
export { type LedgerPlan, acknowledge, countAcknowledged, isAcknowledged, nextSegments } from './ledger.ts';
export {
  MAX_BYTES,
  type MediaProblem,
  VIDEO_MAX_MS,
  categoryFor,
  checkMedia,
  checkMix,
} from './media-rules.ts';
export { ONE_SHOT_MAX_BYTES, POLL, type Policy, policySchema } from './policy.ts';
export { type Prices, estimateCost, microUsd, priceOfCreate, pricesSchema, toUsd } from './prices.ts';
export { type RateReport, reportsOf, resetInMs } from './rate-reports.ts';
export type { PostEvent, PostEventData, Progress } from './post-events.ts';
export {
  type InternalProblem,
  type Problem,
  SOURCE_PROBLEM_CODES,
  type SourceProblem,
  type SourceProblemCode,
  type XProblem,
  wordsOf,
} from './problems.ts';
export {
  type Pace,
  type Paces,
  type StagingItem,
  MAX_LEAD_MS,
  backoffMs,
  leadOf,
  startAtOf,
} from './schedule.ts';
export { type Action, type ProcessingReport, type StepEvent, keyOf } from './step-events.ts';
export {
  type EndpointLimits,
  type KnownLimits,
  WINDOW_MS,
  type WindowName,
  knownLimits,
  limitOverridesSchema,
  paceOf,
} from './tiers.ts';
export { isParked } from './transitions.ts';
export * from './vocabulary.ts';
