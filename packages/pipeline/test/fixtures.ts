import type { Accounts } from '../src/index.ts';
import {
  type MediaRequest,
  type Policy,
  type PostRequest,
  type Source,
  type XProblem,
  policySchema,
} from '../src/core/index.ts';
import type { Quota } from '../src/index.ts';

export const T0 = Date.parse('2026-01-01T00:00:00Z');
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const MIB = 1024 * 1024;

/** X's limits are not what is tested. */
export const noLimits: Quota = { take: async () => null, settle: async () => undefined };

export const policy: Policy = policySchema.parse({});

export function requestOf(patch: Partial<PostRequest> = {}): PostRequest {
  return {
    id: 'post_01j00000000000000000000000',
    accountId: 'acct_01j00000000000000000000000',
    text: 'hello',
    media: [],
    options: {},
    publishAt: T0,
    createdAt: T0,
    ...patch,
  };
}

export function mediaRequest(patch: Partial<MediaRequest> = {}): MediaRequest {
  return {
    bucket: 'media',
    key: 'file',
    versionId: null,
    altText: null,
    category: null,
    ifChanged: 'fail',
    ...patch,
  };
}

export const imageRequest = (patch: Partial<MediaRequest> = {}) => mediaRequest({ key: 'a.png', ...patch });
export const videoRequest = (patch: Partial<MediaRequest> = {}) => mediaRequest({ key: 'a.mp4', ...patch });

export function sourceOf(patch: Partial<Source> = {}): Source {
  return {
    etag: '"1"',
    versionId: null,
    bytes: 1_000_000,
    mediaType: 'image/png',
    width: 320,
    height: 180,
    durationMs: null,
    codec: null,
    checksum: null,
    ...patch,
  };
}

/** Nobody is posted as, where the effects are the test's own. */
export const noAccounts: Accounts = {
  find: async () => null,
  credentialsOf: async () => ({ credentials: { type: 'oauth2', accessToken: 'not-used' } }),
  refused: async () => undefined,
};

export const image = sourceOf();
export const gif = sourceOf({ mediaType: 'image/gif', bytes: 3 * MIB });
export const video = sourceOf({
  mediaType: 'video/mp4',
  bytes: 10 * MIB,
  durationMs: 20_000,
  codec: 'avc',
});

export function xProblem(patch: Partial<XProblem> = {}): XProblem {
  return {
    from: 'x',
    reach: 'answered',
    status: null,
    messages: [],
    slug: null,
    legacyCodes: [],
    limits: [],
    cause: null,
    ...patch,
  };
}

export const reset = xProblem({ reach: 'unknown', cause: 'read ECONNRESET' });
export const refused = xProblem({ reach: 'not_sent', cause: 'connect ECONNREFUSED' });
export const answer = (status: number, ...messages: string[]) => xProblem({ status, messages });
