import { GaugeGroup } from '@tenantry/messaging';
import type { Pool } from 'pg';

/** Tells how many tenants' facts are parked, by group; looked up at each scrape, in a table that is empty when all is well. */
export class ParkedMetrics {
  private readonly gauges: GaugeGroup<'tenantry_parked_tenants'>;

  /** @param group that is told of even when nothing of it is parked. */
  constructor(pool: Pool, group: string) {
    this.gauges = new GaugeGroup({
      meter: '@tenantry/data-plane-kit',
      gauges: {
        tenantry_parked_tenants: {
          description: 'Tenants whose facts wait behind one that could not be applied.',
          unit: '{tenant}',
        },
      },
      read: async (observe) => {
        const { rows } = await pool.query<{ grp: string; tenants: number }>(
          'SELECT grp, count(DISTINCT tenant_id)::int AS tenants FROM tenantry.parked_fact GROUP BY grp',
        );
        const counts = new Map([[group, 0], ...rows.map(({ grp, tenants }) => [grp, tenants] as const)]);
        for (const [grp, tenants] of counts) observe('tenantry_parked_tenants', tenants, { group: grp });
      },
      freshMs: 0,
    });
  }

  start(): void {
    this.gauges.start();
  }

  stop(): void {
    this.gauges.stop();
  }
}
