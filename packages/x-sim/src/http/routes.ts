import { authorize } from '../access/oauth2-authorize.ts';
import { issueTokens, revokeToken } from '../access/oauth2-token.ts';
import type { Requirement } from '../access/permit.ts';
import { X_TEXTS } from '../faults/answers.ts';
import { readAnalytics } from '../media/analytics.ts';
import { appendSegment } from '../media/append.ts';
import { finalizeUpload } from '../media/finalize.ts';
import { initializeUpload } from '../media/initialize.ts';
import { lookUpMedia, lookUpOneMedia } from '../media/lookup.ts';
import { setMetadata } from '../media/metadata.ts';
import { uploadInOneShot } from '../media/one-shot.ts';
import { readStatus } from '../media/status.ts';
import { createSubtitles, deleteSubtitles } from '../media/subtitles.ts';
import { createPost } from '../posts/create.ts';
import { deletePost } from '../posts/delete.ts';
import { lookUpOnePost, lookUpPosts, readTimeline } from '../posts/timeline.ts';
import { readMe } from '../users/me.ts';
import { readUsage } from '../users/usage.ts';
import type { World } from '../world.ts';
import type { Call } from './call.ts';
import type { Reply } from './reply.ts';

/** An endpoint of X. `auth` empty: the endpoint looks at credentials itself, or needs none. */
export interface Route extends Requirement {
  method: string;
  path: string;
  handle(world: World, call: Call): Reply;
}

const MEDIA = { auth: ['user'], scopes: ['media.write'], writes: true } as const;
const READ = { auth: ['user', 'app'], scopes: ['tweet.read', 'users.read'], writes: false } as const;
const POST = { auth: ['user'], scopes: ['tweet.write', 'tweet.read', 'users.read'], writes: true } as const;
const OPEN = { auth: [], scopes: [], writes: false } as const;

const ROUTES: readonly Route[] = [
  {
    operation: 'media.initialize',
    method: 'POST',
    path: '/2/media/upload/initialize',
    ...MEDIA,
    handle: initializeUpload,
  },
  {
    operation: 'media.append',
    method: 'POST',
    path: '/2/media/upload/:id/append',
    ...MEDIA,
    handle: appendSegment,
  },
  {
    operation: 'media.finalize',
    method: 'POST',
    path: '/2/media/upload/:id/finalize',
    ...MEDIA,
    handle: finalizeUpload,
  },
  {
    operation: 'media.status',
    method: 'GET',
    path: '/2/media/upload',
    ...MEDIA,
    writes: false,
    handle: readStatus,
  },
  { operation: 'media.upload', method: 'POST', path: '/2/media/upload', ...MEDIA, handle: uploadInOneShot },
  { operation: 'media.metadata', method: 'POST', path: '/2/media/metadata', ...MEDIA, handle: setMetadata },
  {
    operation: 'media.subtitles.create',
    method: 'POST',
    path: '/2/media/subtitles',
    ...MEDIA,
    handle: createSubtitles,
  },
  {
    operation: 'media.subtitles.delete',
    method: 'DELETE',
    path: '/2/media/subtitles',
    ...MEDIA,
    handle: deleteSubtitles,
  },
  {
    operation: 'media.analytics',
    method: 'GET',
    path: '/2/media/analytics',
    ...READ,
    auth: ['user'],
    scopes: ['tweet.read'],
    handle: readAnalytics,
  },
  {
    operation: 'media.lookup',
    method: 'GET',
    path: '/2/media',
    ...READ,
    scopes: ['tweet.read'],
    handle: lookUpMedia,
  },
  {
    operation: 'media.lookup',
    method: 'GET',
    path: '/2/media/:media_key',
    ...READ,
    scopes: ['tweet.read'],
    handle: lookUpOneMedia,
  },
  { operation: 'posts.create', method: 'POST', path: '/2/tweets', ...POST, handle: createPost },
  { operation: 'posts.delete', method: 'DELETE', path: '/2/tweets/:id', ...POST, handle: deletePost },
  { operation: 'posts.lookup', method: 'GET', path: '/2/tweets', ...READ, handle: lookUpPosts },
  { operation: 'posts.lookup', method: 'GET', path: '/2/tweets/:id', ...READ, handle: lookUpOnePost },
  { operation: 'users.timeline', method: 'GET', path: '/2/users/:id/tweets', ...READ, handle: readTimeline },
  { operation: 'users.me', method: 'GET', path: '/2/users/me', ...READ, auth: ['user'], handle: readMe },
  {
    operation: 'usage',
    method: 'GET',
    path: '/2/usage/tweets',
    ...READ,
    auth: ['app'],
    scopes: [],
    handle: readUsage,
  },
  { operation: 'oauth2.authorize', method: 'GET', path: '/i/oauth2/authorize', ...OPEN, handle: authorize },
  { operation: 'oauth2.authorize', method: 'GET', path: '/2/oauth2/authorize', ...OPEN, handle: authorize },
  { operation: 'oauth2.token', method: 'POST', path: '/2/oauth2/token', ...OPEN, handle: issueTokens },
  { operation: 'oauth2.revoke', method: 'POST', path: '/2/oauth2/revoke', ...OPEN, handle: revokeToken },
];

const V1_ROUTE: Route = {
  operation: 'v1',
  method: '*',
  path: '/1.1/*',
  ...OPEN,
  handle: () => ({ status: 403, body: { errors: [{ code: 453, message: X_TEXTS.v1Forbidden }] } }),
};

/** Paths that X does not know get an empty 404. */
const NO_ROUTE: Route = {
  operation: 'unknown',
  method: '*',
  path: '*',
  ...OPEN,
  handle: () => ({ status: 404 }),
};

interface CompiledRoute {
  route: Route;
  segments: readonly string[];
}

const COMPILED: readonly CompiledRoute[] = ROUTES.map((route) => ({
  route,
  segments: route.path.split('/'),
}));

/** The endpoint of a request. Routes are tried in order, fixed words before parameters. */
export function findRoute(method: string, path: string): { route: Route; params: Record<string, string> } {
  if (path.startsWith('/1.1/')) return { route: V1_ROUTE, params: {} };
  const given = path.split('/');
  for (const { route, segments } of COMPILED) {
    if (route.method !== method || segments.length !== given.length) continue;
    const params: Record<string, string> = {};
    const fits = segments.every((segment, at) => {
      const value = given[at] ?? '';
      if (!segment.startsWith(':')) return segment === value;
      params[segment.slice(1)] = value;
      return value !== '';
    });
    if (fits) return { route, params };
  }
  return { route: NO_ROUTE, params: {} };
}
