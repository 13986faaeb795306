import { metrics, type BatchObservableResult } from '@opentelemetry/api';
import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ISOLATIONS } from '@tenantry/contracts';
import { ClusterReadModel } from './cluster.read-model.js';

/**
 * Shows how many tenants of each model are on each cluster, and how many it takes: `tenantry_cluster_tenants` and
 * `tenantry_cluster_capacity`, which is infinite without a limit and 0 where no new tenants are taken. Read whenever metrics are.
 */
@Injectable()
export class ClusterMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop: (() => void) | undefined;

  constructor(private readonly clusters: ClusterReadModel) {}

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
      for (const cluster of await this.clusters.all()) {
        const open = cluster.state === 'open';
        for (const isolation of ISOLATIONS) {
          const labels = { cluster: cluster.name, isolation };
          result.observe(tenants, cluster.tenants[isolation], labels);
          // A series that ends would go on with its last value.
          result.observe(capacity, open ? (cluster.capacity[isolation] ?? Infinity) : 0, labels);
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
