import type { Allowance } from './allow-list.js';
import { type AllowedFinding, type Finding, SEVERITIES, type Severity } from './finding.js';
import { HOLES, type Hole } from './holes.js';
import type { Tier } from './tier.js';

/** What became of one hole of the list: `partly` and `not run` say why. */
export interface HoleStatus {
  readonly number: number;
  readonly title: string;
  readonly status: 'clean' | 'found' | 'partly' | 'not run';
  readonly why?: string;
}

/** What one audit of one database has found. */
export interface AuditReport {
  readonly database: string;
  readonly serverVersion: string;
  /** RFC 3339. */
  readonly auditedAt: string;
  /** The roles that serve, and whether the audit found them by itself. */
  readonly appRoles: readonly string[];
  readonly inferred: boolean;
  readonly tier: Tier;
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Severity, number>>;
  readonly allowed: readonly AllowedFinding[];
  readonly expiredAllowances: readonly Allowance[];
  readonly unusedAllowances: readonly Allowance[];
  /** How many findings of a probe are not listed, since they were more than anyone reads. */
  readonly unlisted: Readonly<Record<string, number>>;
  readonly holes: readonly HoleStatus[];
}

/** Which ways of looking were open to an audit. */
export interface Looked {
  readonly login: boolean;
  readonly writes: boolean;
  readonly restored: boolean;
  readonly tier: Tier;
  /** Holes that the auditing login could not see enough of, and why. */
  readonly unseen: Readonly<Record<number, string>>;
}

export function countBySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>;
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

export function holeStatuses(found: readonly Finding[], looked: Looked): HoleStatus[] {
  const holes = new Set(found.map(({ hole }) => hole));
  return HOLES.map((hole) => {
    const { number, title } = hole;
    if (holes.has(number)) return { number, title, status: 'found' };
    const reasons = reasonsAgainst(hole, looked);
    if (reasons.length === 0) return { number, title, status: 'clean' };
    const isRun = hole.look.startsWith('catalogue') || (hole.look === 'login' && looked.login);
    return { number, title, status: isRun ? 'partly' : 'not run', why: reasons.join('; ') };
  });
}

/** Why nobody can say from this audit that the hole is not there. */
function reasonsAgainst({ number, look, unseen }: Hole, looked: Looked): string[] {
  return [
    ...(look.endsWith('login') && !looked.login ? ["it takes the application's login: --as"] : []),
    ...(number === 9 && looked.login && !looked.writes
      ? ['a row is planted only when told: --probe-writes']
      : []),
    ...(look === 'restored copy' && !looked.restored ? ['it takes a restored copy: --restored'] : []),
    ...(number === 16 && looked.tier !== 'injection-safe'
      ? ['it can, and was not asked to be otherwise: --require-injection-safe']
      : []),
    ...(looked.unseen[number] ? [looked.unseen[number]] : []),
    ...(unseen ? [unseen] : []),
  ];
}
