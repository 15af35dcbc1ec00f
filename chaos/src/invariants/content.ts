import type { Evidence, Violation } from '../evidence.ts';
import { readToken } from '../plan/vocabulary.ts';

/** Invariant 3: what X received is what was meant: text, media byte for byte and in order, alt texts. */
export function checkContent({ plan, submissions, posts, ledger, hashes }: Evidence): Violation[] {
  const sent = new Map(submissions.map((submission) => [submission.token, submission]));
  const records = new Map(posts.map((post) => [readToken(post.text), post]));
  const uploads = new Map(ledger.uploads.map((upload) => [upload.mediaId, upload]));
  return ledger.posts.flatMap((onX) => {
    const token = readToken(onX.text);
    const submission = token === undefined ? undefined : sent.get(token);
    if (!submission) return []; // a stranger, told of elsewhere
    const record = records.get(token);
    const report = (rule: string, detail: string): Violation => ({
      invariant: 3,
      rule,
      detail: `${onX.id}: ${detail}`,
      token: submission.token,
      postId: record?.id ?? submission.id,
    });
    const violations: Violation[] = [];
    if (onX.text !== submission.text) violations.push(report('another text', JSON.stringify(onX.text)));
    const meant = hashes.get(submission.post) ?? [];
    if (onX.mediaIds.length !== meant.length) {
      return [...violations, report('other media', `${onX.mediaIds.length} instead of ${meant.length}`)];
    }
    const user = onX.userId;
    for (const [item, mediaId] of onX.mediaIds.entries()) {
      const upload = uploads.get(mediaId);
      if (!upload || upload.userId !== user) {
        violations.push(report('media of nobody', mediaId));
        continue;
      }
      const versions = meant[item] ?? [];
      if (!versions.includes(upload.sha256 ?? '')) {
        violations.push(
          report('other bytes', `media[${item}] has ${upload.sha256}, not ${versions.join(' or ')}`),
        );
      }
      const altText = plan.load[submission.post]?.media[item]?.altText ?? null;
      const wasWarned = (record?.media[item]?.warnings.length ?? 0) > 0;
      if (altText !== (upload.altText ?? null) && !wasWarned) {
        violations.push(report('another alt text', `media[${item}] has ${upload.altText ?? 'none'}`));
      }
    }
    return violations;
  });
}
