import { setTimeout as pause } from 'node:timers/promises';
import { keyOf } from '@tenantry/isolation-audit';
import type { Logger } from '@tenantry/messaging';
import type { InstallationAudit, LocatedFinding } from './audit-installation.js';
import { IsolationAuditMetrics } from './isolation-audit-metrics.js';

/** The first audit of a process comes within this time, so that one which is restarted often audits too. */
const FIRST_WITHIN_MS = 60_000;
/** Findings that are logged one by one; the others are counted. */
const LOGGED = 50;

/** Audits again and again as long as the process runs, tells what is new, and mends nothing. */
export class IsolationAuditSchedule {
  private last: { readonly audit: InstallationAudit; readonly completeAt: number } | undefined;
  private known = new Set<string>();
  private startedAt = 0;
  private readonly metrics = new IsolationAuditMetrics(() => this.last);
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  /** @param intervalMs from the end of an audit to the next, in milliseconds. */
  constructor(
    private readonly audit: (signal: AbortSignal) => Promise<InstallationAudit>,
    private readonly intervalMs: number,
    private readonly logger: Logger,
  ) {}

  /**
   * What the last audit has found; undefined before the first has ended. Where it could not look everywhere, what was found before is still
   * among its findings: nobody has seen it mended.
   */
  get lastAudit(): InstallationAudit | undefined {
    return this.last?.audit;
  }

  start(): void {
    if (this.running) return;
    this.startedAt = performance.now();
    this.metrics.start();
    this.running = this.run(this.stopping.signal);
  }

  /** Ends a running audit at its next database. */
  async stop(): Promise<void> {
    this.metrics.stop();
    this.stopping.abort();
    await this.running;
  }

  private async run(signal: AbortSignal): Promise<void> {
    // The processes of a service are often started together, and need not audit together.
    await this.wait(Math.random() * Math.min(FIRST_WITHIN_MS, this.intervalMs), signal);
    while (!signal.aborted) {
      await this.auditOnce(signal);
      await this.wait(this.intervalMs, signal);
    }
  }

  private async auditOnce(signal: AbortSignal): Promise<void> {
    try {
      const audit = await this.audit(signal);
      if (signal.aborted) return;
      this.keep(audit);
      this.tell(audit);
    } catch (err) {
      if (!signal.aborted) this.logger.warn({ err }, 'the isolation could not be audited');
    }
  }

  private keep(audit: InstallationAudit): void {
    if (audit.failed.length === 0) {
      this.last = { audit, completeAt: performance.now() };
      return;
    }
    const before = this.last?.audit.findings ?? [];
    const findings = new Map([...before, ...audit.findings].map((finding) => [placeOf(finding), finding]));
    this.last = {
      audit: { ...audit, findings: [...findings.values()] },
      completeAt: this.last?.completeAt ?? this.startedAt,
    };
  }

  /** Each finding once for as long as it is there, so that an hourly audit does not say the same all day. */
  private tell({ databases, findings, failed }: InstallationAudit): void {
    for (const { database, error } of failed)
      this.logger.warn({ database, err: error }, 'the isolation of a database could not be audited');
    const fresh = findings.filter((finding) => !this.known.has(placeOf(finding)));
    for (const { database, probe, hole, severity, object, what, mend } of fresh.slice(0, LOGGED))
      this.logger.warn(
        { database, probe, hole, severity, object, what, mend },
        'tenants are not kept apart as they should be',
      );
    this.known = new Set((this.last?.audit.findings ?? findings).map(placeOf));
    this.logger.debug(
      { databases, findings: findings.length, new: fresh.length },
      'the isolation was audited',
    );
  }

  private async wait(ms: number, signal: AbortSignal): Promise<void> {
    await pause(ms, undefined, { signal }).catch(() => undefined);
  }
}

function placeOf(finding: LocatedFinding): string {
  return `${finding.database} ${keyOf(finding)}`;
}
