import { Problem } from './problems.ts';

/** For a list's cursor that the list has not given out. */
export function staleCursor(cursor: string): Problem {
  const detail = `${JSON.stringify(cursor)} is not a cursor of this list.`;
  const hint = 'Send nextCursor of the page before as it came, or nothing for the first page.';
  return new Problem('invalid_request', {
    detail,
    hint,
    errors: [{ path: 'cursor', code: 'invalid_format', detail, hint }],
  });
}
