import { isOpen, ORPHAN_KINDS, type OrphanFinding, type OrphanKind } from './orphan-report.js';

/** The findings of one sweep: counts all of them, and keeps the first of each kind, so that no sweep outgrows the memory. */
export class FindingList {
  readonly counts = Object.fromEntries(ORPHAN_KINDS.map((kind) => [kind, 0])) as Record<OrphanKind, number>;
  private open = 0;
  private kept: OrphanFinding[] = [];

  /** @param limit how many of each kind are kept. */
  constructor(private readonly limit: number) {}

  get findings(): readonly OrphanFinding[] {
    return this.kept;
  }

  /** Whether every finding so far is settled, those that were not kept included. */
  get clean(): boolean {
    return this.open === 0;
  }

  add(findings: readonly OrphanFinding[]): void {
    for (const finding of findings) {
      this.counts[finding.kind] += 1;
      if (isOpen(finding)) this.open += 1;
      if (this.counts[finding.kind] <= this.limit) this.kept.push(finding);
    }
  }

  /** Puts the outcome of a deletion in the place of what was found. */
  replace(tenantId: string, outcome: (finding: OrphanFinding) => OrphanFinding): void {
    this.kept = this.kept.map((finding) => {
      if (finding.tenantId !== tenantId || !finding.deletable) return finding;
      const after = outcome(finding);
      if (isOpen(finding) && !isOpen(after)) this.open -= 1;
      return after;
    });
  }
}
