export { type AccountBlocks, createAccountBlocks } from './account-blocks.ts';
export {
  type AccountGrant,
  type AccountProfile,
  type AccountRecord,
  type AccountRecords,
  type PutAccount,
  type SealedAccount,
  createAccountRecords,
} from './account-records.ts';
export { type AccountSecrets, type StoredSecret, createAccountSecrets } from './account-secrets.ts';
export {
  type Admissions,
  type Admitted,
  type SweepCursor,
  type Wake,
  countLatePosts,
  createAdmissions,
} from './admissions.ts';
export { type Barrier, type BarrierOptions, createBarrier } from './barrier.ts';
export { type Barriers, type BarriersOptions, createBarriers } from './barriers.ts';
export { type ConnectionRole, connectRedis } from './connect.ts';
export { type ConnectAttempts, createConnectAttempts } from './connect-attempts.ts';
export { type OutageLog, watchConnections } from './connection-watch.ts';
export { type AppEvent, type AppPark, type AppParks, createAppParks } from './app-parks.ts';
export { type Store, type StoreOptions, createStore } from './create-store.ts';
export {
  type Claim,
  type HeldPost,
  type HeldPosts,
  type HeldSave,
  type HeldSaved,
  type HoldOptions,
  createHeldPosts,
} from './held-posts.ts';
export { accountIdOf, isPostId, newPostId, slotOfAccount, slotOfPost } from './ids.ts';
export { type Layout, type PartitionKeys, keysOfApp, layOut } from './keys.ts';
export { type LimitWindow, type LimitsReader, type Spending, createLimitsReader } from './limits.ts';
export { type QuotaOptions, createQuota } from './quota.ts';
export { REDIS_LOG_SECRETS } from './log-secrets.ts';
export { type PaceStore, createPaces } from './paces.ts';
export { POST_QUEUE, jobIdOf } from './queue-names.ts';
export { type Risk, readRisks } from './safety.ts';
export { type Schedule, createSchedule } from './schedule.ts';
export { type ServerFacts, readServerFacts } from './server-facts.ts';
export { type StoreTrouble, findStoreTrouble } from './store-trouble.ts';
export type { EventFeed, FeedItem, ListQuery, PostStore, StoredEvent } from './store.ts';
