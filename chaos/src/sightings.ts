import { readLogLine } from '@slipway/local';

/** A worker took a post in hand. */
export interface Take {
  postId: string;
  worker: string;
  at: number;
  /** Whoever had it before never gave it back. */
  abandoned: boolean;
}

export type Aim = 'append' | 'publish';

interface Sight {
  postId: string;
  worker: string;
  aim: Aim;
}

/** What the workers say in their logs that they do: enough to hit one of them at the worst moment. All instants are epoch ms. */
export interface Sightings {
  readonly takes: readonly Take[];
  /** When posts moved, whichever. */
  readonly moves: readonly number[];
  hear(processName: string, line: string): void;
  /** The next worker that is seen to begin this; undefined if none is in time. */
  next(aim: Aim, options: { timeoutMs: number }): Promise<Sight | undefined>;
  /** Resolves once somebody begins, or has begun, to upload this post's media; or when time is up. */
  uploading(postId: string, options: { timeoutMs: number }): Promise<boolean>;
}

export function createSightings(): Sightings {
  const takes: Take[] = [];
  const moves: number[] = [];
  const uploads = new Set<string>();
  const waiting = new Set<(sight: Sight) => void>();

  const wait = async (isIt: (sight: Sight) => boolean, timeoutMs: number): Promise<Sight | undefined> => {
    const { promise, resolve } = Promise.withResolvers<Sight | undefined>();
    const look = (sight: Sight): void => {
      if (isIt(sight)) resolve(sight);
    };
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    waiting.add(look);
    try {
      return await promise;
    } finally {
      waiting.delete(look);
      clearTimeout(timer);
    }
  };

  return {
    takes,
    moves,
    hear(worker, line) {
      const log = readLogLine(line);
      const postId = String(log?.['postId']);
      if (log?.['msg'] === 'post taken') {
        takes.push({ postId, worker, at: Date.now(), abandoned: log['abandoned'] === true });
      }
      if (log?.['msg'] !== 'post moved') return;
      moves.push(Date.now());
      const aim = aimOf(log);
      if (aim === 'append') uploads.add(postId);
      if (aim) for (const look of waiting) look({ postId, worker, aim });
    },
    next: (aim, { timeoutMs }) => wait((sight) => sight.aim === aim, timeoutMs),
    async uploading(postId, { timeoutMs }) {
      if (uploads.has(postId)) return true;
      const seen = await wait((sight) => sight.aim === 'append' && sight.postId === postId, timeoutMs);
      return seen !== undefined;
    },
  };
}

function aimOf(log: Record<string, unknown>): Aim | undefined {
  if (log['event'] === 'post.publishing') return 'publish';
  return log['event'] === 'media.advanced' && log['step'] === 'append' ? 'append' : undefined;
}
