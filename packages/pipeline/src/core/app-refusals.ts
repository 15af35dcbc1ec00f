import type { BlockCause } from './account.ts';
import { type Problem, wordsOf } from './problems.ts';

/** What keeps an app, and so every account of it, from calling X. */
export type AppRefusal = {
  cause: Extract<BlockCause, 'credits' | 'usage_cap' | 'app_refused'>;
  detail: string;
};

/** Whether a refusal is about the app rather than about the call; null where it is not. */
export function appRefusalOf(problem: Problem): AppRefusal | null {
  if (problem.from !== 'x') return null;
  const detail = wordsOf(problem);
  if (problem.status === 402) return { cause: 'credits', detail };
  if (problem.slug === 'usage-capped') return { cause: 'usage_cap', detail };
  if (problem.slug === 'client-forbidden') return { cause: 'app_refused', detail };
  return null;
}
