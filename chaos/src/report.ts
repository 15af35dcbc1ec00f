import type { CampaignResult } from './campaign.ts';
import type { FaultRecord } from './faults/stage.ts';
import type { Violation } from './evidence.ts';
import { countLost } from './invariants/outcomes.ts';
import { readToken } from './plan/vocabulary.ts';
import { findRecoveries } from './recoveries.ts';

/** What a campaign has shown, as tables for people. */
export function formatReport(result: CampaignResult): string {
  const { evidence, violations } = result;
  return [
    formatTable(['fault', 'times', 'hit', 'worst recovery'], faultRows(result)),
    formatTable(['outcome', 'posts'], outcomeRows(result)),
    formatTable(['what', 'count'], countRows(result)),
    violations.length === 0
      ? 'No violation.'
      : `${violations.length} VIOLATIONS\n${violations.map((each) => formatViolation(each, evidence)).join('\n')}`,
  ].join('\n\n');
}

function faultRows({ faults, sightings }: CampaignResult): string[][] {
  const recoveries = findRecoveries(faults, sightings.takes, sightings.moves);
  const byKind = [...Map.groupBy(faults, ({ kind }) => kind)].toSorted(([a], [b]) => a.localeCompare(b));
  return byKind.map(([kind, same]) => {
    const fired = same.flatMap(({ fired }) => fired ?? []);
    const worstMs = Math.max(...same.map(({ id }) => recoveries.get(id) ?? -1));
    return [
      kind,
      String(same.length),
      fired.length === 0 ? '' : `${sum(fired)} calls`,
      worstMs < 0 ? '' : `${(worstMs / 1_000).toFixed(1)} s`,
    ];
  });
}

function outcomeRows({ evidence: { posts, ledger } }: CampaignResult): string[][] {
  const onX = new Set(ledger.posts.map(({ text }) => readToken(text)));
  const named = posts.map(({ status, failure, text }) => {
    if (status === 'unconfirmed') return `unconfirmed, ${onX.has(readToken(text)) ? 'on X' : 'not on X'}`;
    return failure ? `${status}: ${failure.code}` : status;
  });
  return [...Map.groupBy(named, (name) => name)]
    .map(([name, same]) => [name, String(same.length)])
    .toSorted((a, b) => Number(b[1]) - Number(a[1]));
}

function countRows({
  evidence,
  violations,
  subscriptionsResumed,
  tookMs,
  sightings,
}: CampaignResult): string[][] {
  const { submissions, ledger, posts } = evidence;
  const known = new Set(posts.map(({ text }) => readToken(text)));
  const unclear = submissions.filter(({ outcome }) => outcome === 'unclear');
  const requests = Object.values(ledger.requests).flatMap((byStatus) => Object.values(byStatus));
  return [
    ['posts acknowledged', String(submissions.length - unclear.length)],
    [
      'answered unclearly',
      `${unclear.length}, of them accepted ${unclear.filter(({ token }) => known.has(token)).length}`,
    ],
    ['lost', String(countLost(evidence))],
    ['doubled', String(violations.filter(({ rule }) => rule.endsWith('twice on X')).length)],
    ['creates that X spoilt', String(sum(evidence.plan.load.map(({ createFaults }) => createFaults.length)))],
    [
      'taken over from a dead or silent worker',
      String(sightings.takes.filter(({ abandoned }) => abandoned).length),
    ],
    ['event streams resumed', String(subscriptionsResumed)],
    ['requests to X', String(sum(requests))],
    ['bytes X had and got again', String(sum(ledger.uploads.map(({ bytesRepeated }) => bytesRepeated)))],
    ['took', `${(tookMs / 1_000).toFixed(1)} s`],
  ];
}

/** A violation with all that is known of its post: what X has of it, and what its subscriber was told. */
function formatViolation(violation: Violation, evidence: CampaignResult['evidence']): string {
  const { invariant, rule, detail, token, postId } = violation;
  const post = evidence.posts.find(
    ({ id, text }) => id === postId || (token !== null && readToken(text) === token),
  );
  const name = token ?? readToken(post?.text ?? '');
  const onX = evidence.ledger.posts.filter(({ text }) => readToken(text) === name);
  const { seen = [], told = [] } = evidence.events.get(post?.id ?? postId ?? '') ?? {};
  return [
    `${invariant}. ${rule}: ${detail}`,
    `   post ${post?.id ?? postId ?? '?'} ${name ?? ''} is ${post?.status ?? 'unknown'}`,
    ...onX.map(
      ({ id, createdAt, mediaKeys }) =>
        `   on X: ${id} at ${new Date(createdAt).toISOString()} ${mediaKeys.join(' ')}`,
    ),
    ...(told.length > 0 ? told : seen).map(
      ({ id, at, type, data }) => `   ${id} ${at} ${type} ${JSON.stringify(data)}`,
    ),
  ].join('\n');
}

/** One line for a fault as it happened. */
export function formatFault({ kind, target, from, to, fired }: FaultRecord, startedAt: number): string {
  const at = ((from - startedAt) / 1_000).toFixed(1).padStart(6);
  return `${at} s  ${kind}  ${target}  ${to - from} ms${fired === null ? '' : `, ${fired} calls`}`;
}

function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
