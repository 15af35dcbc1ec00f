/** Why an account could not be connected. Closed; docs/errors.md explains each to callers. */
export type ConnectErrorCode =
  // This installation has no X app of its own to connect with, or does not know the redirect.
  | 'connect_not_configured'
  | 'redirect_unknown'
  // The state is unknown, too old, used already, or another caller's.
  | 'connect_attempt_unknown'
  // The person said no, or X did not even ask them.
  | 'connect_denied'
  // X did not take the code: too old, used already, or of another app or redirect.
  | 'connect_code_refused'
  // X does not let these credentials in, or its user may not act.
  | 'account_refused'
  | 'scopes_missing'
  // X does not let the app in: its id or secret, its plan, or its credits.
  | 'x_app_refused'
  | 'x_unavailable';

interface ConnectErrorOptions extends ErrorOptions {
  /** What to do about it. */
  hint: string;
  /** The field of the request at fault, as a path, where there is one. */
  field?: string;
}

/** An account was not connected, and nothing was changed. Never has a secret in it. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: ConnectErrorCode;
  readonly hint: string;
  readonly field: string | undefined;

  constructor(code: ConnectErrorCode, detail: string, { hint, field, ...options }: ConnectErrorOptions) {
    super(detail, options);
    this.code = code;
    this.hint = hint;
    this.field = field;
  }
}
