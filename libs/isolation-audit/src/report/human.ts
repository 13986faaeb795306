import type { AuditReport, HoleStatus } from '../audit-report.js';
import { type Finding, SEVERITIES } from '../finding.js';

const HEADINGS = ['SEVERITY', 'HOLE', 'PROBE', 'OBJECT'] as const;

const TIERS = {
  'injection-safe': 'injection-safe: the application cannot forge a context',
  'bug-safe':
    'bug-safe, not injection-safe: a forgotten tenant is refused, and SQL that an attacker brings can name another',
  none: 'none: no policy asks who is there',
} as const;

/** For people: the findings with what can happen and what mends them, and at the end how far the audit could see. */
export function humanReport(report: AuditReport): string {
  const { findings, allowed, unlisted } = report;
  const rows = [HEADINGS, ...findings.map(rowOf)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [
    ...(findings.length > 0 ? [line(HEADINGS)] : []),
    ...findings.flatMap((finding) => [line(rowOf(finding)), `    ${finding.what}`, `    ${finding.mend}`]),
    ...Object.entries(unlisted).map(([probe, count]) => `${count} more findings of ${probe} are not listed.`),
    ...(findings.length > 0 ? [''] : []),
    sumOf(report),
    ...notesOf(report),
    ...allowed.map(
      (finding) =>
        `Allowed: ${finding.probe} ${finding.object.name} (${finding.reason}${finding.expires ? `, until ${finding.expires}` : ''}).`,
    ),
    ...unseenOf(report.holes),
  ].join('\n');
}

function rowOf({ severity, hole, probe, object }: Finding): readonly string[] {
  return [severity.toUpperCase(), String(hole), probe, `${object.type} ${object.name}`];
}

function sumOf({ database, serverVersion, appRoles, inferred, counts, findings }: AuditReport): string {
  const bySeverity = SEVERITIES.filter((severity) => counts[severity] > 0).map(
    (severity) => `${counts[severity]} ${severity}`,
  );
  const as = `as ${appRoles.join(', ') || 'nobody'}${inferred ? ' (nobody was named: --app-role)' : ''}`;
  const found =
    findings.length === 0 ? 'nothing found' : `${findings.length} found (${bySeverity.join(', ')})`;
  return `${database} on PostgreSQL ${serverVersion}, ${as}: ${found}.`;
}

function notesOf({ tier, expiredAllowances, unusedAllowances }: AuditReport): string[] {
  return [
    `What it promises is ${TIERS[tier]}.`,
    ...expiredAllowances.map(
      ({ probe, object, expires }) => `No longer allowed since ${expires}: ${probe} ${object}.`,
    ),
    ...unusedAllowances.map(({ probe, object }) => `Allowed and not found: ${probe} ${object}.`),
  ];
}

/** Holes with the same reason on one line. */
function unseenOf(holes: readonly HoleStatus[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const { number, status, why } of holes) {
    if (status !== 'partly' && status !== 'not run') continue;
    const key = `${status === 'partly' ? 'In part' : 'Not run'}: ${why}`;
    reasons.set(key, [...(reasons.get(key) ?? []), String(number)]);
  }
  return [...reasons].map(([reason, numbers]) => `${reason} (${numbers.map((n) => `#${n}`).join(', ')}).`);
}
