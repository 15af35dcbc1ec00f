import type { Timeouts } from './result.ts';

export interface Endpoint {
  method: 'GET' | 'POST' | 'DELETE';
  /** Template; `{id}` is filled in by the caller. */
  path: string;
  timeout: Exclude<keyof Timeouts, 'connectMs'>;
  /**
   * Media endpoints and timelines have answered 404 for minutes to hours during incidents (X's incident log,
   * 2025-05-28, 2025-09-10, 2026-01-29), so there a bare 404 is worth another try.
   */
  on404: 'backoff' | 'never';
  /** Repeating it after an unclear outcome could publish twice. */
  publishes?: true;
}

const upload = { timeout: 'callMs', on404: 'backoff' } as const;

/** The calls this package makes. */
export const endpoints = {
  initialize: { method: 'POST', path: '/2/media/upload/initialize', ...upload },
  append: { method: 'POST', path: '/2/media/upload/{id}/append', timeout: 'uploadMs', on404: 'backoff' },
  finalize: { method: 'POST', path: '/2/media/upload/{id}/finalize', ...upload },
  status: { method: 'GET', path: '/2/media/upload', ...upload },
  upload: { method: 'POST', path: '/2/media/upload', timeout: 'uploadMs', on404: 'backoff' },
  setMetadata: { method: 'POST', path: '/2/media/metadata', ...upload },
  createSubtitles: { method: 'POST', path: '/2/media/subtitles', ...upload },
  deleteSubtitles: { method: 'DELETE', path: '/2/media/subtitles', ...upload },
  analytics: { method: 'GET', path: '/2/media/analytics', ...upload },
  lookup: { method: 'GET', path: '/2/media', ...upload },
  createPost: { method: 'POST', path: '/2/tweets', timeout: 'createPostMs', on404: 'never', publishes: true },
  deletePost: { method: 'DELETE', path: '/2/tweets/{id}', timeout: 'callMs', on404: 'never' },
  timeline: { method: 'GET', path: '/2/users/{id}/tweets', timeout: 'callMs', on404: 'backoff' },
  me: { method: 'GET', path: '/2/users/me', timeout: 'callMs', on404: 'backoff' },
  usage: { method: 'GET', path: '/2/usage/tweets', timeout: 'callMs', on404: 'backoff' },
  token: { method: 'POST', path: '/2/oauth2/token', timeout: 'tokenMs', on404: 'backoff' },
  revoke: { method: 'POST', path: '/2/oauth2/revoke', timeout: 'tokenMs', on404: 'backoff' },
} as const satisfies Record<string, Endpoint>;

/** Names an endpoint in results and errors, e.g. `POST /2/media/upload/{id}/append`: one rate limit each. */
export function nameEndpoint({ method, path }: Endpoint): string {
  return `${method} ${path}`;
}
