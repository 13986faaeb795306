import { metrics, type ObservableResult } from '@opentelemetry/api';
import type { Pool } from 'pg';

/** Tells how many tenants' facts are parked, by group; looked up at each scrape, in a table that is empty when all is well. */
export class ParkedMetrics {
  private readonly gauge = metrics
    .getMeter('@tenantry/data-plane-kit')
    .createObservableGauge('tenantry_parked_tenants', {
      description: 'Tenants whose facts wait behind one that could not be applied.',
      unit: '{tenant}',
    });

  /** @param group that is told of even when nothing of it is parked. */
  constructor(
    private readonly pool: Pool,
    private readonly group: string,
  ) {}

  start(): void {
    this.gauge.addCallback(this.observe);
  }

  stop(): void {
    this.gauge.removeCallback(this.observe);
  }

  private readonly observe = async (result: ObservableResult): Promise<void> => {
    const { rows } = await this.pool.query<{ grp: string; tenants: number }>(
      'SELECT grp, count(DISTINCT tenant_id)::int AS tenants FROM tenantry.parked_fact GROUP BY grp',
    );
    if (!rows.some(({ grp }) => grp === this.group)) result.observe(0, { group: this.group });
    for (const { grp, tenants } of rows) result.observe(tenants, { group: grp });
  };
}
