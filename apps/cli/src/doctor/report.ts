import type { Finding } from './finding.ts';

const SIGNS = { ok: '✓', warning: '!', failure: '✗' } as const;

/** A line for each finding, and one that sums up. */
export function writeReport(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.map(({ level, check, message }) => {
    const indent = `\n${' '.repeat(width + 4)}`;
    return `${SIGNS[level]} ${check.padEnd(width)}  ${message.replaceAll('\n', indent)}`;
  });
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const [failures, warnings] = [count('failure'), count('warning')];
  const sum =
    failures + warnings === 0
      ? 'All is well.'
      : `${failures} to mend, ${warnings} to know of. docs/redis.md and docs/configuration.md say more.`;
  return `${lines.join('\n')}\n\n${sum}\n`;
}
