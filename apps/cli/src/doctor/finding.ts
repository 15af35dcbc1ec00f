/** What an examination has found. */
export interface Finding {
  /** `failure`: something would lose posts or not work. */
  level: 'ok' | 'warning' | 'failure';
  check: string;
  /** What is the case, and what to do about it. */
  message: string;
}
