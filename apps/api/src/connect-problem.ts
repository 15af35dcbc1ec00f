import type { ConnectError } from '@slipway/accounts';
import { Problem } from './problems.ts';

/** How long a caller is asked to wait for an X that does not answer well, in seconds. */
const RETRY_AFTER_SECONDS = 60;

/** The problem that an account was not connected; with the field at fault, where there is one. */
export function connectProblem(error: ConnectError): Problem {
  const { message: detail, hint, field } = error;
  const isShape = error.code === 'redirect_unknown';
  return new Problem(error.code === 'redirect_unknown' ? 'invalid_request' : error.code, {
    detail,
    hint,
    ...(field !== undefined && {
      errors: [{ path: field, code: isShape ? 'invalid_value' : 'refused_by_x', detail, hint }],
    }),
    ...(error.code === 'x_unavailable' && { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } }),
    // X's answer, for the log; it has no secrets.
    cause: error,
  });
}
