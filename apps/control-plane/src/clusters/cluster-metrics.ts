import { metrics, type BatchObservableResult } from '@opentelemetry/api';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ISOLATIONS } from '@tenantry/contracts';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import type { Capacity } from './capacity.js';
import { tenantsOn } from './cluster-usage.store.js';

/**
 * Shows how many tenants of each model are on each cluster, and how many it takes: `tenantry_cluster_tenants` and
 * `tenantry_cluster_capacity`, which is infinite without a limit and 0 where no new tenants are taken. Read whenever metrics are.
 */
@Injectable()
export class ClusterMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => void) | undefined;

  constructor(private readonly dataSource: DataSource) {}

  onApplicationBootstrap(): void {
    const meter = metrics.getMeter('@tenantry/control-plane');
    const tenants = meter.createObservableGauge('tenantry_cluster_tenants', {
      description: 'Tenants that have a place on the cluster, by model.',
    });
    const capacity = meter.createObservableGauge('tenantry_cluster_capacity', {
      description:
        'How many tenants of the model the cluster takes: +Inf without a limit, 0 while it is not open.',
    });
    const observe = async (result: BatchObservableResult): Promise<void> => {
      const sql = managerExecutor(this.dataSource.manager);
      const clusters = await sql.query<{ name: string; open: boolean; capacity: Capacity }>(
        "SELECT name, state = 'open' AS open, capacity FROM tenantry.cluster",
      );
      const there = await tenantsOn(
        sql,
        clusters.map(({ name }) => name),
      );
      for (const cluster of clusters) {
        for (const isolation of ISOLATIONS) {
          const labels = { cluster: cluster.name, isolation };
          result.observe(tenants, there(cluster.name)[isolation], labels);
          // A series that ends would go on with its last value.
          result.observe(capacity, cluster.open ? (cluster.capacity[isolation] ?? Infinity) : 0, labels);
        }
      }
    };
    meter.addBatchObservableCallback(observe, [tenants, capacity]);
    this.stop = () => meter.removeBatchObservableCallback(observe, [tenants, capacity]);
  }

  beforeApplicationShutdown(): void {
    this.stop?.();
  }
}
