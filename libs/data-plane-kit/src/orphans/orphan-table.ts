import { ORPHAN_KINDS, type OrphanFinding, type OrphanReport } from './orphan-report.js';

const HEADINGS = ['KIND', 'OBJECT', 'NAME', 'TENANT', 'DELETE', 'WHY'] as const;

/** A report for people: one line for each finding, and a last one that sums up. */
export function orphanTable(report: OrphanReport): string {
  const { findings, counts, tenants, cluster, database, service, rowsUnchecked } = report;
  const rows = [
    HEADINGS,
    ...ORPHAN_KINDS.flatMap((kind) => findings.filter((found) => found.kind === kind)).map(rowOf),
  ];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const byKind = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`);
  const notes = [
    ...(total > findings.length ? [`${total - findings.length} more findings are not shown.`] : []),
    ...(rowsUnchecked > 0 ? [`Rows of ${rowsUnchecked} purged tenants were not looked for.`] : []),
  ];
  const sum = `${tenants} tenants of ${service} in ${cluster}/${database}: ${byKind.join(', ') || 'nothing found'}.`;
  return [...(findings.length > 0 ? [...lines, ''] : []), [sum, ...notes].join(' ')].join('\n');
}

function rowOf({
  kind,
  object,
  tenantId,
  why,
  whyNot,
  deletable,
  deleted,
}: OrphanFinding): readonly string[] {
  const verdict = deleted ? 'deleted' : deletable ? 'yes' : 'no';
  return [
    kind,
    object.type,
    object.name,
    tenantId,
    verdict,
    deletable ? why : `${why} ${whyNot ?? ''}`.trim(),
  ];
}
