import type { Count, Finding } from './reader/evidence.ts';
import type { ChaosReport } from './run-chaos.ts';

export const COUNTS: readonly Count[] = [
  'lost',
  'doubled',
  'outOfOrder',
  'early',
  'overlapping',
  'unrequested',
  'stuck',
];

/** How often each thing happened that must not. */
export function counted(findings: readonly Finding[]): Record<Count, number> {
  const counts = Object.fromEntries(COUNTS.map((count) => [count, 0])) as Record<Count, number>;
  for (const { count } of findings) counts[count] += 1;
  return counts;
}

/** The run in one line of `name=value`. */
export function summaryLine(report: ChaosReport): string {
  const { faults } = report;
  const recovery = [...faults.recoveryMs].sort((a, b) => a - b);
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const kills = Object.entries(faults.kills).sort(([a], [b]) => (a < b ? -1 : 1));
  const figures: [string, string | number][] = [
    ['seed', report.seed],
    ['transport', report.transport],
    ['kills', kills.reduce((sum, [, n]) => sum + n, 0)],
    ...kills.map(([what, n]): [string, number] => [`kills.${what}`, n]),
    ['pauses', faults.pauses],
    ['networkFaults', faults.networkFaults],
    ['redelivered', faults.redelivered],
    ['pausesAtPoints', faults.pausesAtPoints],
    ['crashPoints', `${faults.pointsReached.size}/${report.crashPoints}`],
    ['tenants', report.tenants],
    ['requests', report.requests],
    ['operations', report.operations],
    ['events', report.events],
    ...Object.entries(counted(report.findings)),
    ['recoveryP50', `${seconds(recovery[Math.floor(recovery.length / 2)] ?? 0)}s`],
    ['recoveryMax', `${seconds(recovery.at(-1) ?? 0)}s`],
    ['convergence', `${seconds(report.convergenceMs)}s`],
    ['endedByItself', report.endedByItself],
    ['duration', `${seconds(report.durationMs)}s`],
  ];
  return `chaos ${figures.map(([name, value]) => `${name}=${value}`).join(' ')}`;
}
