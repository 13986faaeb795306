import { metrics, type ObservableResult } from '@opentelemetry/api';
import { countBySeverity, SEVERITIES } from '@tenantry/isolation-audit';
import type { InstallationAudit } from './audit-installation.js';

/**
 * Tells what the last isolation audit has found, and how long ago the last one ended that could look everywhere (since the start, where none
 * could); nothing before the first has ended.
 */
export class IsolationAuditMetrics {
  private readonly meter = metrics.getMeter('@tenantry/data-plane-kit');
  private readonly findings = this.meter.createObservableGauge('tenantry_isolation_findings', {
    description: 'What the last isolation audit has found, by severity.',
    unit: '{finding}',
  });
  private readonly age = this.meter.createObservableGauge('tenantry_isolation_audit_age_seconds', {
    description: 'How long ago the last complete isolation audit ended.',
    unit: 's',
  });

  constructor(
    private readonly last: () =>
      { readonly audit: InstallationAudit; readonly completeAt: number } | undefined,
  ) {}

  start(): void {
    this.findings.addCallback(this.observeFindings);
    this.age.addCallback(this.observeAge);
  }

  stop(): void {
    this.findings.removeCallback(this.observeFindings);
    this.age.removeCallback(this.observeAge);
  }

  private readonly observeFindings = (result: ObservableResult): void => {
    const last = this.last();
    if (!last) return;
    const counts = countBySeverity(last.audit.findings);
    for (const severity of SEVERITIES) result.observe(counts[severity], { severity });
  };

  private readonly observeAge = (result: ObservableResult): void => {
    const last = this.last();
    if (last) result.observe((performance.now() - last.completeAt) / 1000);
  };
}
