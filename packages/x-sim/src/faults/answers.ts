import { creditsDepleted } from '../access/credits.ts';
import type { SimConfig } from '../config.ts';
import { blankProblem, invalidRequest, problemType, typedProblem } from '../http/problems.ts';
import type { Reply } from '../http/reply.ts';
import type { AnswerName, FaultAnswer } from './fault.ts';

const DUPLICATE = 'You are not allowed to create a Tweet with duplicate content.';
const NOT_PERMITTED = 'You are not permitted to perform this action.';
const REPLY_NOT_ALLOWED =
  'Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.';
const V1_FORBIDDEN =
  'You currently have access to a subset of X API v2 endpoints and limited v1.1 endpoints (e.g. media post, oauth) only. If you need access to this endpoint, you may need a different access level.';

/** Texts that X is known to use, for the endpoints that come to the same answers by themselves. */
export const X_TEXTS = {
  duplicate: DUPLICATE,
  notPermitted: NOT_PERMITTED,
  replyNotAllowed: REPLY_NOT_ALLOWED,
  v1Forbidden: V1_FORBIDDEN,
  mediaIdsInvalid: 'Your media IDs are invalid.',
  segmentsMismatch: 'Segments do not add up to provided total file size.',
  segmentIndexRange: 'SegmentIndex must be between 0 and 999.',
  mediaTypeUnrecognized: 'media type unrecognized.',
  jsonOnly: 'Requests with bodies must have content-type of application/json.',
  statusNotFound: 'BadRequest: Not found',
  videoTooLong: 'This user is not allowed to post a video longer than 2 minutes',
} as const;

const WINDOW_SECS = 900;
const DAY_SECS = 86_400;

/** The answer that a fault asks for: a literal one, or one of X's by name. */
export function faultAnswer(input: FaultAnswer, config: SimConfig, now: number): Reply {
  if (typeof input !== 'string')
    return {
      status: input.status,
      ...(input.body === undefined ? {} : { body: input.body }),
      ...(input.headers === undefined ? {} : { headers: input.headers }),
      ...(input.contentType === undefined ? {} : { contentType: input.contentType }),
    };
  return namedAnswer(input, config, now);
}

export function v1RateLimited(): Reply {
  return { status: 429, body: { errors: [{ code: 88, message: 'Rate limit exceeded' }] } };
}

function namedAnswer(name: AnswerName, config: SimConfig, now: number): Reply {
  const { vocabulary } = config;
  const invalid = (message: string, parameters?: Record<string, string[]>) =>
    invalidRequest(vocabulary, [parameters === undefined ? { message } : { message, parameters }]);
  const coded = (status: number, code: number, message: string): Reply => ({
    status,
    body: { errors: [{ code, message }] },
  });
  const reset = (secs: number) => String(Math.ceil(now / 1000) + secs);
  const spentWindow = {
    'x-rate-limit-limit': '100',
    'x-rate-limit-remaining': '0',
    'x-rate-limit-reset': reset(WINDOW_SECS),
  };
  switch (name) {
    case 'service_unavailable':
      return blankProblem(503);
    case 'bad_gateway':
      return { status: 502, body: htmlPage('502 Bad Gateway'), contentType: 'text/html' };
    case 'gateway_timeout':
      return { status: 504, body: htmlPage('504 Gateway Time-out'), contentType: 'text/html' };
    case 'not_found':
      return blankProblem(404);
    case 'not_found_empty':
      return { status: 404 };
    case 'upload_not_found':
    case 'status_not_found':
      return invalid(X_TEXTS.statusNotFound);
    case 'empty_413':
      return { status: 413 };
    case 'headers_too_large':
      return { status: 431 };
    case 'json_only':
      return invalid(X_TEXTS.jsonOnly);
    case 'internal_error_strings':
      return { status: 500, body: { errors: ['internal server error'] } };
    case 'internal_error':
      return typedProblem(vocabulary, 500, 'internal-error', {
        title: 'Internal Error',
        detail: 'An internal error occurred.',
      });
    case 'segments_mismatch':
      return invalid(X_TEXTS.segmentsMismatch);
    case 'segment_index_range':
      return invalid(X_TEXTS.segmentIndexRange);
    case 'media_type_unrecognized':
      return invalid(X_TEXTS.mediaTypeUnrecognized);
    case 'forbidden':
    case 'amplify_forbidden':
      return blankProblem(403);
    case 'over_capacity':
      return coded(503, 130, 'Over capacity');
    case 'media_ids_invalid':
      return invalid(X_TEXTS.mediaIdsInvalid, { 'media.media_ids': ['[]'] });
    case 'duplicate':
      return blankProblem(403, DUPLICATE);
    case 'not_permitted':
      return blankProblem(403, NOT_PERMITTED);
    case 'reply_not_allowed':
      return blankProblem(403, REPLY_NOT_ALLOWED);
    case 'video_too_long':
      return blankProblem(403, X_TEXTS.videoTooLong);
    case 'credits_depleted':
      return creditsDepleted({ config }, '1800000000000000000');
    case 'usage_capped':
      return {
        status: 429,
        contentType: 'application/problem+json',
        body: {
          account_id: 1_800_000_000,
          product_name: 'standard-basic',
          title: 'UsageCapExceeded',
          period: 'Monthly',
          scope: 'Product',
          detail: 'Usage cap exceeded: Monthly product cap',
          type: problemType(vocabulary, 'usage-capped'),
        },
      };
    case 'rate_limited':
      return { ...blankProblem(429), headers: spentWindow };
    case 'rate_limited_v1':
      return { ...v1RateLimited(), headers: spentWindow };
    case 'rate_limited_bare':
      return blankProblem(429);
    case 'daily_capped':
      return {
        ...blankProblem(429),
        headers: {
          'x-rate-limit-limit': '100',
          'x-rate-limit-remaining': '96',
          'x-rate-limit-reset': reset(WINDOW_SECS),
          'x-user-limit-24hour-limit': '17',
          'x-user-limit-24hour-remaining': '0',
          'x-user-limit-24hour-reset': reset(DAY_SECS),
        },
      };
    case 'unauthorized':
      return blankProblem(401);
    case 'refresh_token_invalid':
      return {
        status: 400,
        body: { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' },
      };
    case 'client_not_enrolled':
      return typedProblem(vocabulary, 403, 'client-forbidden', {
        title: 'Client Forbidden',
        detail: 'This app is not enrolled.',
        reason: 'client-not-enrolled',
        required_enrollment: 'Appropriate Level of API Access',
        registration_url: 'https://developer.x.com/en/docs/projects/overview',
      });
    case 'oauth1_permissions':
      return typedProblem(vocabulary, 403, 'oauth1-permissions', {
        title: 'Forbidden',
        detail:
          'Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.',
      });
    case 'cannot_write':
      return coded(403, 261, 'Application cannot perform write actions. Contact support.');
    case 'account_locked':
      return coded(
        403,
        326,
        'To protect our users from spam and other malicious activity, this account is temporarily locked. Please log in to https://x.com to unlock your account.',
      );
    case 'account_suspended':
      return coded(403, 64, 'Your account is suspended and is not permitted to access this feature.');
    case 'looks_automated':
      return coded(
        403,
        226,
        'This request looks like it might be automated. To protect our users from spam and other malicious activity, we can’t complete this action right now.',
      );
    case 'html':
      return { status: 503, body: htmlPage('X / Over capacity'), contentType: 'text/html; charset=utf-8' };
    case 'html_ok':
      return { status: 200, body: htmlPage('Just a moment...'), contentType: 'text/html; charset=utf-8' };
    case 'v1_forbidden':
      return coded(403, 453, V1_FORBIDDEN);
    case 'no_id':
      return { status: 201, body: { data: {} } };
  }
}

function htmlPage(title: string): string {
  return `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
}
