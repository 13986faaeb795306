import { metrics, type Gauge, type ObservableGauge, type ObservableResult } from '@opentelemetry/api';
import type { RouteHealth } from './route-health.js';

/** What became of a state record: news, nothing new, or not to be read. */
export type RecordOutcome = 'taken' | 'known' | 'malformed';

/** What a service tells of the routes that it serves by. */
export class RouteMetrics {
  private readonly meter = metrics.getMeter('@tenantry/data-plane-kit');
  private readonly records = this.meter.createCounter('tenantry_route_records_total', {
    description: 'State records that the state channel has brought, by what became of them.',
  });
  private readonly bootstrap: Gauge = this.meter.createGauge('tenantry_route_bootstrap_seconds', {
    description: 'How long the last first pass over the state channel took.',
    unit: 's',
  });
  private readonly observed: readonly [ObservableGauge, (result: ObservableResult) => void][];

  constructor(health: () => RouteHealth) {
    const gauge = (name: string, description: string, unit: string) =>
      this.meter.createObservableGauge(name, { description, unit });
    this.observed = [
      [
        gauge(
          'tenantry_route_staleness_seconds',
          'How long ago the routes were last known to be all there are.',
          's',
        ),
        (result) => result.observe(health().stalenessMs / 1000),
      ],
      [
        gauge(
          'tenantry_route_staleness_alert_seconds',
          'Above which staleness a person should look at it.',
          's',
        ),
        (result) => result.observe(health().alertAfterMs / 1000),
      ],
      [
        gauge('tenantry_route_tenants', 'Tenants whose state is known, purged ones too.', '{tenant}'),
        (result) => result.observe(health().tenants),
      ],
    ];
    for (const [instrument, observe] of this.observed) instrument.addCallback(observe);
  }

  countRecord(outcome: RecordOutcome): void {
    this.records.add(1, { outcome });
  }

  noteBootstrap(seconds: number): void {
    this.bootstrap.record(seconds);
  }

  stop(): void {
    for (const [instrument, observe] of this.observed) instrument.removeCallback(observe);
  }
}
