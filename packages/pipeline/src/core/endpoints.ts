import type { Action } from './step-events.ts';

/** X's endpoints that are called for posts, as the client names them: X counts each one apart. */
export const ENDPOINTS = [
  'POST /2/tweets',
  'POST /2/media/upload',
  'GET /2/media/upload',
  'POST /2/media/upload/initialize',
  'POST /2/media/upload/{id}/append',
  'POST /2/media/upload/{id}/finalize',
  'POST /2/media/metadata',
  'GET /2/users/{id}/tweets',
] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** The endpoint that an action calls. */
export function endpointOf(action: Exclude<Action, { do: 'inspect' }>): Endpoint {
  switch (action.do) {
    case 'upload_once':
      return 'POST /2/media/upload';
    case 'initialize':
      return 'POST /2/media/upload/initialize';
    case 'append':
      return 'POST /2/media/upload/{id}/append';
    case 'finalize':
      return 'POST /2/media/upload/{id}/finalize';
    case 'poll':
      return 'GET /2/media/upload';
    case 'describe':
      return 'POST /2/media/metadata';
    case 'create':
      return 'POST /2/tweets';
    case 'confirm':
      return 'GET /2/users/{id}/tweets';
  }
}
