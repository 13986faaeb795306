/** How bad a finding is, the worst first. `critical`: data of another tenant can be had now, by an ordinary statement. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One hole in one place. */
export interface Finding {
  /** The probe's id, e.g. `rls-off`. */
  readonly probe: string;
  /** The number of the hole in the list that all probes come from; see `HOLES`. */
  readonly hole: number;
  readonly severity: Severity;
  /** What has the hole: its kind (`table`, `role`, …) and its name as SQL writes it. */
  readonly object: { readonly type: string; readonly name: string };
  /** What can happen, in words. Names of objects only, never a tenant's data. */
  readonly what: string;
  /** SQL that mends it; where somebody has to decide, a comment in SQL, or `…` for what. Never run by the audit. */
  readonly mend: string;
}

/** A finding that the allow-list knows. */
export interface AllowedFinding extends Finding {
  readonly reason: string;
  /** Until when it is allowed, `YYYY-MM-DD`; undefined: for good. */
  readonly expires?: string;
}

/** What makes two findings the same one: in two runs, or in an allow-list. */
export function keyOf({ probe, object }: Pick<Finding, 'probe' | 'object'>): string {
  return `${probe} ${object.type} ${object.name}`;
}

/** Whether `severity` is at least as bad as `threshold`. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(threshold);
}

/** The worst first, then by the list's number, then by name, so that two reports can be compared. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return findings.toSorted(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      a.hole - b.hole ||
      (keyOf(a) < keyOf(b) ? -1 : 1),
  );
}
