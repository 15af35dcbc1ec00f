import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Connecting } from '@slipway/accounts';
import type { Objects } from '@slipway/pipeline';
import type { Policy } from '@slipway/pipeline/core';
import type {
  AccountBlocks,
  AppParks,
  LimitsReader,
  AccountRecords,
  EventFeed,
  PaceStore,
  PostStore,
  Risk,
  Schedule,
} from '@slipway/store';

/** A Fastify instance whose routes take their types from their schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** When work on a post begins, and what it costs. */
export type StagingPolicy = Pick<Policy, 'stagingLeadMs' | 'stagingSpreadMs' | 'prices'>;

/** What the routes work with. */
export interface RouteDeps {
  posts: PostStore;
  feed: EventFeed;
  accounts: AccountRecords;
  blocks: AccountBlocks;
  connecting: Connecting;
  xLimits: LimitsReader;
  parks: AppParks;
  /** Of each X app and calendar month; null: none. */
  appBudgetMicroUsd: number | null;
  objects: Objects;
  schedule: Schedule;
  paces: Pick<PaceStore, 'read'>;
  policy: StagingPolicy;
  /** Rejects when Redis does not answer. */
  ping: () => Promise<void>;
  /** What of Redis' settings and state puts posts at risk. */
  risks: () => Promise<Risk[]>;
  /** Whether settings with which posts would be lost make this server unready. */
  requireSafety: boolean;
  /** Epoch milliseconds. */
  now: () => number;
  limits: Limits;
  /** Aborts when the server is about to stop. */
  closing: AbortSignal;
}

/** Bounds that no caller sees in normal running. */
export interface Limits {
  /** Largest body, in bytes. */
  bodyLimitBytes: number;
  /** How long S3 may take to tell what the media of a new post are. */
  inspectTimeoutMs: number;
  /** How long Redis may take to answer `/readyz`. */
  readyTimeoutMs: number;
  /** How often a silent event stream shows that it is alive. */
  heartbeatMs: number;
  /** How long the reader of an event stream may take nothing before it is cut off. */
  stallMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyLimitBytes: 256 * 1024,
  inspectTimeoutMs: 5_000,
  readyTimeoutMs: 2_000,
  heartbeatMs: 15_000,
  stallMs: 30_000,
};
