import type { Finding, FindingStatus } from './finding.js';

const MARKS: Readonly<Record<FindingStatus, string>> = {
  ok: 'ok',
  warn: 'WARN',
  fail: 'FAIL',
  'not-checked': '-',
};

/** One line for each finding, and below it what to do. */
export function printFindings(findings: readonly Finding[]): string {
  const names = findings.map(({ area, check }) => `${area} ${check}`);
  const width = Math.max(0, ...names.map((name) => name.length));
  const lines = findings.flatMap(({ status, found, fix }, place) => [
    `${MARKS[status].padEnd(4)}  ${names[place]!.padEnd(width)}  ${found}`,
    ...(fix === undefined ? [] : [`${' '.repeat(width + 8)}→ ${fix}`]),
  ]);
  return `${lines.join('\n')}\n`;
}
