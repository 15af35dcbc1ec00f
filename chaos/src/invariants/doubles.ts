import type { Ledger } from '@slipway/local';
import type { Violation } from '../evidence.ts';
import { readToken } from '../plan/vocabulary.ts';

/** Invariant 2, first half: no text and no media twice on X. Holds at every moment, so it is also asked while a campaign runs. */
export function findDoubles({ posts }: Pick<Ledger, 'posts'>): Violation[] {
  const violations: Violation[] = [];
  const report = (rule: string, detail: string, text: string): void => {
    violations.push({ invariant: 2, rule, detail, token: readToken(text) ?? null, postId: null });
  };
  const byToken = Map.groupBy(posts, ({ text }) => readToken(text) ?? text);
  for (const [token, same] of byToken) {
    if (same.length > 1) report('text twice on X', same.map(({ id }) => id).join(', '), token);
  }
  const attached = posts.flatMap((post) => post.mediaKeys.map((mediaKey) => ({ mediaKey, post })));
  for (const [mediaKey, same] of Map.groupBy(attached, ({ mediaKey }) => mediaKey)) {
    const text = same[0]?.post.text ?? '';
    const ids = same.map(({ post }) => post.id).join(', ');
    if (same.length > 1) report('media twice on X', `${mediaKey} in ${ids}`, text);
  }
  return violations;
}
