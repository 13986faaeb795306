import { COUNTS, counted } from '../chaos/summary.ts';
import type { UnderLoadReport } from './under-load.ts';

/** Everything that must not be, a line each. */
export function complaints(report: UnderLoadReport): string[] {
  return [
    ...report.failed.map(
      ({ atMs, what, answer }) => `FAILED at ${(atMs / 1000).toFixed(1)} s: ${what}: ${answer}`,
    ),
    ...report.badEnds.map((what) => `BAD END: ${what}`),
    ...report.findings.map(
      ({ count, tenant, what }) =>
        `FOUND ${count}${tenant === undefined ? '' : ` (tenant ${tenant})`}: ${what}`,
    ),
  ];
}

/** The run in one line of `name=value`. */
export function summaryLine(report: UnderLoadReport): string {
  const { requests, failed, tookMs, tenants, changes, restarts, seconds, longestLeaveMs } = report;
  const counts = counted(report.findings);
  return [
    `seconds=${Math.round(seconds)} requests=${requests} failed=${failed.length} tenants=${tenants} changes=${changes}`,
    `restarts=${restarts} badEnds=${report.badEnds.length} longestLeaveMs=${Math.round(longestLeaveMs)}`,
    `p50Ms=${tookMs.p50} p99Ms=${tookMs.p99} maxMs=${tookMs.max}`,
    ...COUNTS.map((count) => `${count}=${counts[count]}`),
  ].join(' ');
}
