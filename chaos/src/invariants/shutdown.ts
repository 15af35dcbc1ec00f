import type { Evidence, Violation } from '../evidence.ts';

/** Invariant 7: a worker that is told to stop hands its work back and ends, whatever is away just then. */
export function checkShutdown({ neverStopped }: Evidence): Violation[] {
  return neverStopped.map((worker) => ({
    invariant: 7,
    rule: 'did not end after SIGTERM',
    detail: `${worker} had to be killed`,
    token: null,
    postId: null,
  }));
}
